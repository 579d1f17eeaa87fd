/* descriptor.c: is a descriptor one that this host can work with? In the order of its fields, so
 * that nothing behind a field is read before the field that vouches for it. And the host's copy
 * of one, in which what an older plugin lacks is there and empty. */
#include "plugin/loading/registry.h"

#include "core/memory.h"
#include "core/text.h"
#include "plugin/component.h"
#include "plugin/preparation.h"

#include <stdlib.h>
#include <string.h>

/* Size of a struct up to and with a member: what ABI major 2 began with. These stay as they are
 * when a minor version adds members behind. */
#define THROUGH(type, member) (offsetof(type, member) + sizeof(((const type *)0)->member))
#define LEAST_DESCRIPTOR      THROUGH(cop_plugin, ops)
#define LEAST_OPTION          THROUGH(cop_option, alias_of)

/* Where a callback of an ops table is, and what it is called. */
typedef struct callback {
    const char *name;
    size_t offset;
    size_t instead; /* of the one that may be there in its place; 0: none may */
} callback;

#define CALLBACK(ops, member)                                                                      \
    {                                                                                              \
#member, offsetof(ops, member), 0                                                          \
    }
#define CALLBACK_OR(ops, member, other)                                                            \
    {                                                                                              \
#member, offsetof(ops, member), offsetof(ops, other)                                       \
    }

static const callback model_callbacks[] = {
    CALLBACK(cop_model_ops, create), CALLBACK(cop_model_ops, destroy),
    CALLBACK_OR(cop_model_ops, declare, network), CALLBACK_OR(cop_model_ops, build, network)};
static const callback dataset_callbacks[] = {
    CALLBACK(cop_dataset_ops, create), CALLBACK(cop_dataset_ops, destroy),
    CALLBACK(cop_dataset_ops, describe), CALLBACK(cop_dataset_ops, read)};
/* All that the kinds of long work must have. */
static const callback work_callbacks[] = {CALLBACK(cop_work_ops, finish)};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name, *plural;
    uint32_t interface_version;
    size_t ops_least, ops_size; /* of the interface's first version; of this host's */
    const callback *callbacks;
    size_t callback_count;
} kinds[] = {
    [COP_KIND_MODEL] = {"model", "models", COP_MODEL_INTERFACE, THROUGH(cop_model_ops, build),
                        sizeof(cop_model_ops), model_callbacks, COUNT(model_callbacks)},
    [COP_KIND_DATASET] = {"dataset", "datasets", COP_DATASET_INTERFACE,
                          THROUGH(cop_dataset_ops, read), sizeof(cop_dataset_ops),
                          dataset_callbacks, COUNT(dataset_callbacks)},
    [COP_KIND_DISTILLER] = {"distiller", "distillers", COP_DISTILLER_INTERFACE,
                            THROUGH(cop_work_ops, finish), sizeof(cop_work_ops), work_callbacks,
                            COUNT(work_callbacks)},
    [COP_KIND_PRUNER] = {"pruner", "pruners", COP_PRUNER_INTERFACE, THROUGH(cop_work_ops, finish),
                         sizeof(cop_work_ops), work_callbacks, COUNT(work_callbacks)},
    [COP_KIND_ANALYZER] = {"analyzer", "analyzers", COP_ANALYZER_INTERFACE,
                           THROUGH(cop_work_ops, finish), sizeof(cop_work_ops), work_callbacks,
                           COUNT(work_callbacks)},
};

static bool is_kind(uint32_t kind)
{
    return kind >= COP_KIND_MODEL && kind < COUNT(kinds);
}

const char *cop_kind_name(cop_kind kind)
{
    return is_kind((uint32_t)kind) ? kinds[kind].name : "unknown";
}

const char *cop_kind_plural(cop_kind kind)
{
    return is_kind((uint32_t)kind) ? kinds[kind].plural : "unknown";
}

cop_kind cop_kind_parse(const char *word)
{
    for (uint32_t kind = COP_KIND_MODEL; kind < COUNT(kinds); kind++)
        if (strcmp(word, kinds[kind].name) == 0 || strcmp(word, kinds[kind].plural) == 0)
            return (cop_kind)kind;
    return (cop_kind)0;
}

/* Older minors are shorter, never longer. */
static cop_status check_size(const char *what, size_t size, size_t least, size_t most,
                             cop_error *err)
{
    if (size >= least && size <= most)
        return COP_OK;
    if (least == most)
        return cop_fail(err, COP_INVALID, "%s is %zu bytes; wanted %zu", what, size, most);
    return cop_fail(err, COP_INVALID, "%s is %zu bytes; wanted %zu to %zu", what, size, least,
                    most);
}

static cop_status check_versions(const cop_plugin *p, cop_error *err)
{
    if (p->magic != COP_PLUGIN_MAGIC)
        return cop_fail(err, COP_INVALID, "magic number is 0x%08x; wanted 0x%08x", p->magic,
                        COP_PLUGIN_MAGIC);
    if (p->abi_major != COP_ABI_MAJOR)
        return cop_fail(err, COP_INVALID, "built for ABI %u.%u; wanted major version %d",
                        p->abi_major, p->abi_minor, COP_ABI_MAJOR);
    if (p->abi_minor > COP_ABI_MINOR)
        return cop_fail(err, COP_INVALID,
                        "built for ABI %u.%u; this host knows none newer than %d.%d", p->abi_major,
                        p->abi_minor, COP_ABI_MAJOR, COP_ABI_MINOR);
    COP_TRY(check_size("descriptor", p->size, LEAST_DESCRIPTOR, sizeof(cop_plugin), err));
    if (!is_kind(p->kind))
        return cop_fail(err, COP_INVALID, "kind is %u; wanted %d to %zu", p->kind, COP_KIND_MODEL,
                        COUNT(kinds) - 1);
    if (p->kind_interface != kinds[p->kind].interface_version)
        return cop_fail(err, COP_INVALID, "%s interface is %u; wanted %u", kinds[p->kind].name,
                        p->kind_interface, kinds[p->kind].interface_version);
    return check_size("an option", p->option_size, LEAST_OPTION, sizeof(cop_option), err);
}

static cop_status check_text(const char *what, const char *text, cop_error *err)
{
    if (text == NULL || text[0] == '\0')
        return cop_fail(err, COP_INVALID, "%s is %s; wanted a text", what,
                        text == NULL ? "NULL" : "empty");
    if (strchr(text, '\n') != NULL)
        return cop_fail(err, COP_INVALID, "%s has more than one line", what);
    return COP_OK;
}

/* A text that may be left out, or end behind what an older plugin's descriptor has. */
static cop_status check_optional_text(const cop_plugin *p, const char *what, size_t offset,
                                      cop_error *err)
{
    const char *text = NULL;
    if (offset + sizeof text > p->size)
        return COP_OK;
    memcpy(&text, (const char *)p + offset, sizeof text);
    return text == NULL ? COP_OK : check_text(what, text, err);
}

static cop_status check_texts(const cop_plugin *p, cop_error *err)
{
    COP_TRY(check_text("id", p->id, err));
    bool is_word = p->id[0] >= 'a' && p->id[0] <= 'z' && strlen(p->id) < COP_NAME_SIZE &&
                   p->id[strspn(p->id, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
    char shown[80];
    if (!is_word)
        return cop_fail(err, COP_INVALID,
                        "id is \"%s\"; wanted a lower-case word, [a-z][a-z0-9_-]*",
                        cop_escape(p->id, shown, sizeof shown));
    COP_TRY(check_text("version", p->version, err));
    COP_TRY(check_text("results_version", p->results_version, err));
    COP_TRY(check_text("summary", p->summary, err));
    COP_TRY(check_optional_text(p, "defaults", offsetof(cop_plugin, defaults), err));
    return check_optional_text(p, "departures", offsetof(cop_plugin, departures), err);
}

static cop_status check_rows(const cop_plugin *p, const cop_option *rows, cop_error *err)
{
    COP_TRY(cop_options_check(rows, p->option_count, p->options_size, err));
    bool takes_models = p->kind != COP_KIND_MODEL && p->kind != COP_KIND_DATASET;
    for (size_t i = 0; i < p->option_count; i++) {
        if (rows[i].type == COP_OPTION_MODEL && !takes_models)
            return cop_fail(err, COP_INVALID, "option \"%s\" is a model; a %s cannot have one",
                            rows[i].name, kinds[p->kind].name);
        if (cop_option_is_reserved((cop_kind)p->kind, rows[i].name))
            return cop_fail(err, COP_INVALID,
                            "option \"%s\" has a name that the host reserves: it is a key of every "
                            "%s's group",
                            rows[i].name, kinds[p->kind].name);
    }
    return COP_OK;
}

/* The rows as this host has them: an older plugin's are shorter, and 0 where they end. The caller's
 * to free; NULL when memory is out. */
static cop_option *copy_rows(const cop_plugin *p)
{
    cop_option *rows = calloc(p->option_count + 1, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < p->option_count; i++)
        memcpy(&rows[i], (const char *)p->options + i * p->option_size, p->option_size);
    return rows;
}

static cop_status check_options(const cop_plugin *p, cop_error *err)
{
    COP_TRY(cop_options_check_count(p->options, p->option_count, err));
    cop_option *rows = copy_rows(p);
    if (rows == NULL)
        return cop_out_of_memory(err);
    cop_status status = check_rows(p, rows, err);
    free(rows);
    return status;
}

/* Whether ops of so many bytes have the callback at an offset. */
static bool has_callback(const void *ops, size_t size, size_t offset)
{
    void (*function)(void) = NULL;
    if (offset + sizeof function <= size)
        memcpy(&function, (const char *)ops + offset, sizeof function);
    return function != NULL;
}

static cop_status check_ops(const cop_plugin *p, cop_error *err)
{
    if (p->ops == NULL)
        return cop_fail(err, COP_INVALID, "ops is NULL; wanted a %s's operations",
                        kinds[p->kind].name);
    size_t size = 0;
    memcpy(&size, p->ops, sizeof size);
    COP_TRY(check_size("ops", size, kinds[p->kind].ops_least, kinds[p->kind].ops_size, err));
    for (size_t i = 0; i < kinds[p->kind].callback_count; i++) {
        const callback *c = &kinds[p->kind].callbacks[i];
        if (!has_callback(p->ops, size, c->offset) &&
            (c->instead == 0 || !has_callback(p->ops, size, c->instead)))
            return cop_fail(err, COP_INVALID, "callback \"%s\" is NULL; a %s must have it", c->name,
                            kinds[p->kind].name);
    }
    return COP_OK;
}

cop_status cop_plugin_check(const cop_plugin *plugin, cop_error *err)
{
    COP_TRY(check_versions(plugin, err));
    COP_TRY(check_texts(plugin, err));
    COP_TRY(check_options(plugin, err));
    return check_ops(plugin, err);
}

typedef struct full_plugin {
    cop_plugin plugin; /* first: the copy is freed by its address */
    union {
        cop_model_ops model;
        cop_dataset_ops dataset;
        cop_work_ops work;
    } ops;
    cop_option *rows;
} full_plugin;

cop_status cop_plugin_copy(const cop_plugin *plugin, const cop_plugin **out, cop_error *err)
{
    full_plugin *full = calloc(1, sizeof *full);
    if (full == NULL)
        return cop_out_of_memory(err);
    size_t ops_size = 0;
    full->rows = copy_rows(plugin);
    if (full->rows == NULL) {
        free(full);
        return cop_out_of_memory(err);
    }
    memcpy(&full->plugin, plugin, plugin->size);
    memcpy(&ops_size, plugin->ops, sizeof ops_size);
    memcpy(&full->ops, plugin->ops, ops_size);
    full->plugin.ops = &full->ops;
    full->plugin.options = full->rows;
    full->plugin.option_size = sizeof(cop_option);
    *out = &full->plugin;
    return COP_OK;
}

void cop_plugin_free(const cop_plugin *copy)
{
    full_plugin *full = (full_plugin *)(uintptr_t)copy; /* ours: const for everyone else */
    if (full != NULL)
        free(full->rows);
    free(full);
}
