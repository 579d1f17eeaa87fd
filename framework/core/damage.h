/* damage.h: the status of reading back something that is not what was written.
 *
 * Within the framework only, for callers that can do without the thing: they compute it again, or
 * start over. A disk that fails to read and memory that is refused are COP_FAILED and never this.
 * For everyone else it is a failure like that one; plugins neither get nor return it. */
#ifndef COP_CORE_DAMAGE_H
#define COP_CORE_DAMAGE_H

#include <coppice/status.h>

#define COP_DAMAGED ((cop_status)5)

#endif
