/* base.h: the attributes and small types that every other public header needs. */
#ifndef COPPICE_BASE_H
#define COPPICE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define COP_API __attribute__((visibility("default")))
#define COP_PRINTF(format_index, first_argument)                                                   \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define COP_API
#define COP_PRINTF(format_index, first_argument)
#endif

#ifdef __cplusplus
#define COP_BEGIN extern "C" {
#define COP_END   }
#else
#define COP_BEGIN
#define COP_END
#endif

/* The first member of a struct that will gain members: its size, by which whoever is handed it
 * knows how much of it there is. `{COP_SIZED(cop_trainer_spec), .model = …}`; what is not named
 * is 0. */
#define COP_SIZED(type) .size = (uint32_t)sizeof(type)

/* A tensor has at most this many axes; images are [N, C, H, W]. */
#define COP_MAX_RANK 4

/* An image has at most this many channels (normalisation constants are arrays of this length). */
#define COP_MAX_CHANNELS 4

/* The longest name of a parameter, tensor, tap or table, with its terminating zero. */
#define COP_NAME_SIZE 96

#endif
