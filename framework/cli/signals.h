/* signals.h: what ends a subcommand before its time, and the words that it then still says: signals
 * of the user, crashes, and an exit by somebody else's code. */
#ifndef COP_CLI_SIGNALS_H
#define COP_CLI_SIGNALS_H

#include <signal.h>

/* The dispositions that were there before. */
typedef struct cop_signals cop_signals;

/* From here on SIGINT, SIGTERM and SIGHUP end the process at once, with a line and exit status 130;
 * a crash in a plugin ends it with a line that names plugin and callback and status 1, and so does
 * a plugin's exit(). A crash of our own still dumps core. What somebody else handles or ignores is
 * left alone, and an exit() by the main thread while another is in a plugin is no end by that.
 * `resume` (copied; may be NULL) is a further line at an end on request: how to go on. NULL without
 * memory. */
cop_signals *cop_signals_catch(const char *resume);
void cop_signals_restore(cop_signals *before);

/* From here on the first SIGINT, SIGTERM or SIGHUP asks: it says so, and sets what is returned to
 * its number, which work looks at between steps. A second one ends the process at once. Work that
 * does not stop within seconds of a SIGTERM or SIGHUP is ended, and another one meanwhile changes
 * nothing. That holds for a SIGINT or SIGTERM
 * that is ignored too, as a shell without job control has it for background jobs; a SIGHUP that is
 * ignored (nohup) stays so, and so does a handler of somebody else, and an alarm. A pipe that
 * nobody reads any more (SIGPIPE) ends nothing from here on. */
const volatile sig_atomic_t *cop_signals_ask(void);

/* After cop_signals_ask: SIGUSR1, which schedulers send ahead of a time limit, asks as well, and
 * waits for the step. */
void cop_signals_ask_ahead(void);

/* From here on they end the process at once again; `what` is being done then ("drawing figures").
 */
void cop_signals_at_once(const char *what);

#endif
