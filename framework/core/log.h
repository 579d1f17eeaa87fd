/* log.h: making the log that the public coppice/log.h writes to. */
#ifndef COP_CORE_LOG_H
#define COP_CORE_LOG_H

#include <coppice/log.h>

#include <stdio.h>

/* A log, owned by the caller, or NULL when memory is out (NULL is a silent log). Messages louder
 * than `level` are dropped; progress counts as COP_LOG_INFO. With `live` (a terminal) progress is
 * one line that is rewritten; else plain lines: the first and last of each phase, and between them
 * at most one in ten seconds. `to` stays the caller's and must outlive the log. */
cop_logger *cop_logger_new(FILE *to, cop_log_level level, bool live);

/* The same by another clock: `seconds` from any origin, never falling, which is given `context`. */
cop_logger *cop_logger_new_by(FILE *to, cop_log_level level, bool live,
                              double (*seconds)(void *context), void *context);

/* How wide the terminal is that a stream writes to; 0: it is none, or does not say. */
size_t cop_terminal_columns(FILE *to);

/* Ends a progress line that still stands, and frees. NULL is fine. */
void cop_logger_free(cop_logger *log);

#endif
