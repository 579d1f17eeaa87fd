/* files.h: which files a report wrote, so that the next one can take away what is not its own.
 *
 * files.json of a report lists each file with its checksum. A file is removed only if an earlier
 * report lists it and it still has the bytes that were written: what anybody else put there, or
 * changed, stays. */
#ifndef COP_REPORT_FILES_H
#define COP_REPORT_FILES_H

#include <coppice/log.h>
#include <coppice/status.h>

/* In the midst of a report, after it wrote `names`: adds them to the list, so that the next report
 * knows them as a report's even if this one is cut short. */
cop_status cop_report_files_note(const char *dir, const char *const *names, size_t count,
                                 cop_error *err);

/* After a report wrote `names` ("tickets.csv", "figures/accuracy.png") into `dir`: removes what
 * earlier ones wrote beside them, and writes the new list. What is left beside them, as no list
 * names it or it was changed since, is said on the log: it passes for a part of the report. */
cop_status cop_report_files_settle(const char *dir, const char *const *names, size_t count,
                                   cop_logger *log, cop_error *err);

#endif
