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

/* Has progress told to `listener` instead of written, at most every fifth of a second but for the
 * first and the last of each phase, whatever the log's level is. NULL ends that. */
typedef void (*cop_progress_listener)(void *own, const char *what, int64_t done, int64_t total,
                                      const char *detail);
void cop_logger_listen(cop_logger *log, cop_progress_listener listener, void *own);

/* Has everything that is said written to `to` as well, as plain lines, whatever the log's level is
 * (but for COP_LOG_DEBUG beyond it); NULL ends that. It stays the caller's. */
void cop_logger_copy(cop_logger *log, FILE *to);

/* Shows lines of text below what is said, rewritten by each call, where the log is live; elsewhere
 * nothing. An empty text takes them away; there is no progress meanwhile. Lines that the terminal
 * has no room for are left out at the front. */
void cop_logger_board(cop_logger *log, const char *text);

/* Leaves what stands of the board where it is, as somebody else has written behind it: what is
 * shown next begins below. */
void cop_logger_leave_board(cop_logger *log);

/* Whether boards are shown. */
bool cop_logger_is_live(const cop_logger *log);

/* How wide the terminal is that a stream writes to; 0: it is none, or does not say. */
size_t cop_terminal_columns(FILE *to);

/* Ends a progress line that still stands, and frees. NULL is fine. */
void cop_logger_free(cop_logger *log);

#endif
