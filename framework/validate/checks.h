/* checks.h (implemented in validate/): the checks, by kind. They run in the child, in an empty
 * directory of its own. */
#ifndef COP_VALIDATE_CHECKS_H
#define COP_VALIDATE_CHECKS_H

#include "plugin/component.h"
#include "validate/findings.h"

/* What is checked. Nothing in it is owned by it. */
typedef struct cop_subject {
    const cop_registry *registry;
    const cop_registry_entry *entry; /* opened */
    const char *const *sets;
    size_t set_count;
    const char *scratch; /* a directory for the host's own files */
    cop_reporter *reporter;
} cop_subject;

/* A component of a registry, from a group's members as text ("depth = 2; "); the caller's. */
cop_status cop_subject_component(const cop_registry *r, cop_kind kind, const char *id,
                                 const char *members, cop_component **out, cop_error *err);

/* COP_INVALID where --set would not be NAME=VALUE with one value. */
cop_status cop_subject_check_set(const char *set, cop_error *err);

/* The members that --set asks for, as such text. NULL without memory. The caller's. */
char *cop_subject_members(const cop_subject *s);

/* The same, but with every option that says how many steps there are (COP_OPTION_LENGTH) at twice
 * the value that it has in `options`, where its range allows that; *is_longer: there was one. */
char *cop_subject_longer(const cop_subject *s, const void *options, bool *is_longer);

/* Makes a model for the images of the ticket, or where those are too small for it for larger ones.
 * The caller's. */
cop_status cop_checked_model(const cop_component *c, cop_model **out, cop_error *err);

/* Options: the table's defaults, then values that are drawn from it. *out is the component with
 * defaults and what --set says, the caller's; NULL where nothing more can be checked. */
void cop_check_options(const cop_subject *s, cop_component **out);

/* What each kind promises. */
void cop_check_model(const cop_subject *s, const cop_component *c);
void cop_check_dataset(const cop_subject *s, const cop_component *c);
void cop_check_work(const cop_subject *s, const cop_component *c);

#endif
