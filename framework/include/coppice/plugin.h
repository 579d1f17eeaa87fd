/* plugin.h: the one symbol that a plugin exports.
 *
 * A plugin is a shared object with a constant descriptor named `coppice_plugin`. It is data: the
 * host reads and checks it before it calls anything. The identity is the descriptor's id, never the
 * file's name. Plugins are built with hidden visibility and -Wl,-z,defs, linked to libcoppice,
 * opened RTLD_NOW | RTLD_LOCAL and never closed.
 *
 * What is compatible: a plugin built for the same major version and a minor no newer than the
 * host's. A minor version may add members at the end of cop_plugin and of the ops structs, optional
 * ones that read as NULL or 0 where a plugin's own `size` ends before them, and of option rows, by
 * the plugin's own `option_size`; and functions. Whatever else there is - structs passed by value
 * or filled by the other side, the meaning of a callback - changes with the major alone. */
#ifndef COPPICE_PLUGIN_H
#define COPPICE_PLUGIN_H

#include <coppice/analyzer.h>
#include <coppice/dataset.h>
#include <coppice/distiller.h>
#include <coppice/model.h>
#include <coppice/option.h>
#include <coppice/option_rows.h>
#include <coppice/pruner.h>

COP_BEGIN

#define COP_PLUGIN_MAGIC  0x43504943u /* "CIPC" in memory: the same on every build */
#define COP_ABI_MAJOR     2
#define COP_ABI_MINOR     1
#define COP_PLUGIN_SYMBOL "coppice_plugin"

typedef enum cop_kind {
    COP_KIND_MODEL = 1,
    COP_KIND_DATASET = 2,
    COP_KIND_DISTILLER = 3,
    COP_KIND_PRUNER = 4,
    COP_KIND_ANALYZER = 5
} cop_kind;

typedef struct cop_plugin {
    /* Checked in this order, each refusal with what was wanted and what was got. Same major, and a
     * minor no newer than the host's. */
    uint32_t magic;
    uint16_t abi_major, abi_minor;
    uint32_t size;           /* sizeof(cop_plugin) of the plugin's headers: up to the host's */
    uint32_t kind;           /* cop_kind */
    uint32_t kind_interface; /* COP_<KIND>_INTERFACE */
    uint32_t option_size;    /* sizeof(cop_option) of the plugin's headers: up to the host's */

    const char *id;      /* a lower-case word: [a-z][a-z0-9_-]*; unique within its kind */
    const char *version; /* "1.0.0"; "-dev" at the end while it changes from build to build */
    const char *results_version; /* changes when results change; part of every result's identity */
    const char *summary;         /* one line */
    const char *author;
    const char *licence;
    const char *citation; /* the paper, or NULL */

    const cop_option *options; /* option_count entries */
    size_t option_count;
    size_t options_size; /* sizeof the options struct that create gets */

    /* cop_model_ops, cop_dataset_ops, or for the three kinds of long work cop_work_ops. Each begins
     * with its size. */
    const void *ops;

    /* Since 2.1, for `coppice inspect`; one line each, of any length, or NULL. Where the options'
     * defaults come from: the paper's table, the file of its authors' code. */
    const char *defaults;

    /* What it does otherwise than the paper or its authors' code, and what it adds. */
    const char *departures;
} cop_plugin;

/* The fields that every descriptor begins with. */
#define COP_PLUGIN_HEADER(kind_, interface_)                                                       \
    .magic = COP_PLUGIN_MAGIC, .abi_major = COP_ABI_MAJOR, .abi_minor = COP_ABI_MINOR,             \
    .size = sizeof(cop_plugin), .kind = (kind_), .kind_interface = (interface_),                   \
    .option_size = sizeof(cop_option)

/* The options of a descriptor: the struct, and the array of rows that describes it. */
#define COP_OPTIONS(type, table)                                                                   \
    .options = (table), .option_count = sizeof(table) / sizeof((table)[0]),                        \
    .options_size = sizeof(type)

/* Write `COP_PLUGIN(PRUNER, .id = "imp", .version = "1.0.0", …);` in one file of the plugin. In C++
 * that takes C++20, whose designated initialisers these are, with members in the order of the
 * struct; under -Wextra also -Wno-missing-field-initializers. */
#define COP_PLUGIN(KIND_, ...)                                                                     \
    COP_EXPORT const cop_plugin coppice_plugin = {                                                 \
        COP_PLUGIN_HEADER(COP_KIND_##KIND_, COP_##KIND_##_INTERFACE), __VA_ARGS__}

COP_API extern const cop_plugin coppice_plugin;
#ifdef __cplusplus
#define COP_EXPORT /* the declaration above says all: C linkage, and that it is visible */
#else
#define COP_EXPORT COP_API
#endif

COP_END

#endif
