/* log.h: messages and live progress on stderr. Results never go here: they go to stdout or files.
 */
#ifndef COPPICE_LOG_H
#define COPPICE_LOG_H

#include <coppice/base.h>

COP_BEGIN

typedef enum cop_log_level {
    COP_LOG_ERROR = 1,
    COP_LOG_WARNING = 2,
    COP_LOG_INFO = 3,
    COP_LOG_DEBUG = 4
} cop_log_level;

/* Where messages go and how loud; made by the command line and passed down. NULL is silent. */
typedef struct cop_logger cop_logger;

/* One line. [any thread] */
COP_API void cop_say(cop_logger *log, cop_log_level level, const char *format, ...)
    COP_PRINTF(3, 4);

/* Live progress of what runs now: `done` of `total` units, then a short text such as
 * "loss 1.234  acc 56.7 %". On a terminal one line that is rewritten, with rate and time left;
 * elsewhere a plain line now and then; of no units (total 0) there is nothing to tell. Cheap to
 * call often. [main thread] */
COP_API void cop_progress(cop_logger *log, const char *what, int64_t done, int64_t total,
                          const char *format, ...) COP_PRINTF(5, 6);

COP_END

#endif
