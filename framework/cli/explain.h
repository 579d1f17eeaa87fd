/* explain.h (implemented in explain_json.c, explain_programs.c): the programs that a config stands
 * for, compiled for explanation. */
#ifndef COP_CLI_EXPLAIN_H
#define COP_CLI_EXPLAIN_H

#include "config/config.h"
#include "exec/inspect/describe.h"

/* What programs are made of: a cell's model and recipe, and a batch of random images. */
typedef struct cop_explain_subject cop_explain_subject;

/* Opens the cell's dataset for its task and sizes (no sample is read) and makes its model.
 * The config must outlive *out, which is the caller's. */
cop_status cop_explain_open(const cop_cell *cell, cop_explain_subject **out, cop_error *err);
void cop_explain_close(cop_explain_subject *s);

/* The i-th kind of program, NULL past the last: "train" (the default), "eval", "hessian". */
const char *cop_explain_program(size_t i);

/* Compiles the program of that name by the code that runs compile it by; runs it `runs` times with
 * valid inputs and measures it where that is not 0. `title` says in words what it is, of any length
 * up to COP_EXPLAIN_TITLE. Clear *out with cop_description_clear whatever the answer. */
#define COP_EXPLAIN_TITLE 200
cop_status cop_explain_describe(cop_explain_subject *s, const char *program, int64_t runs,
                                char *title, cop_description *out, cop_error *err);

/* One JSON object an explained program; NULL when memory runs out. The caller's. */
struct cJSON *cop_explain_json(const char *program, const char *title, const cop_description *d);

#endif
