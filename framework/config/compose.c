/* compose.c: reading a config file and what it is based on, and putting one over the other. */
#include "config/compose.h"

#include "config/old_names.h"
#include "config/source.h"
#include "core/memory.h"

#include <stdlib.h>

/* What reading needs throughout. */
typedef struct composing {
    cop_config_files files;
    cop_logger *log;
    cop_error *err;
} composing;

/* Marking the settings of a tree with their places. */
typedef struct marking {
    const cop_source *source;
    cop_arena *arena;
    int line;         /* of the text, and */
    cop_place *place; /* where that was written; NULL: none so far */
} marking;

static cop_status mark(marking *m, config_setting_t *setting, cop_error *err)
{
    int line = (int)config_setting_source_line(setting);
    if (line > 0 && (m->place == NULL || line != m->line)) {
        m->place = cop_arena_alloc(m->arena, sizeof *m->place);
        if (m->place == NULL)
            return cop_out_of_memory(err);
        *m->place = cop_source_place(m->source, line);
        m->line = line;
    }
    if (line > 0)
        config_setting_set_hook(setting, m->place);
    int count = config_setting_is_aggregate(setting) ? config_setting_length(setting) : 0;
    for (int i = 0; i < count; i++)
        COP_TRY(mark(m, config_setting_get_elem(setting, (unsigned)i), err));
    return COP_OK;
}

/* Parses the text; what is wrong with it is said of the file that the line is from. */
static cop_status parse(const composing *c, const cop_source *source, config_t *tree)
{
    cop_error own = {0};
    cop_status status = cop_syntax_parse(source->text.data, source->text.length, NULL, tree, &own);
    if (status == COP_OK)
        return COP_OK;
    cop_place place = cop_source_place(source, own.line);
    return cop_fail_at(c->err, status, place.file, own.line > 0 ? place.line : 0, "%s",
                       own.message);
}

/* One file with what it includes. */
static cop_status read_alone(composing *c, cop_config_file *file, config_t **out)
{
    cop_source source = {0};
    config_t *tree = NULL;
    cop_status status = cop_source_read(&c->files, file, &source, c->err);
    if (status == COP_OK) {
        tree = malloc(sizeof *tree);
        status = tree != NULL ? parse(c, &source, tree) : cop_out_of_memory(c->err);
        if (status != COP_OK) {
            free(tree);
            tree = NULL;
        }
    }
    if (status == COP_OK) {
        marking m = {.source = &source, .arena = c->files.arena};
        status = mark(&m, config_root_setting(tree), c->err);
    }
    cop_source_free(&source);
    if (status == COP_OK)
        status = cop_old_names_rename(config_root_setting(tree), NULL, file->path, c->log, c->err);
    if (status == COP_OK)
        *out = tree;
    else
        cop_tree_free(tree);
    return status;
}

/* What the tree is based on, of which it says no more then; *name stays NULL for nothing. */
static cop_status take_base(const composing *c, config_setting_t *root, const char *file,
                            const char **name, cop_place *place)
{
    const config_setting_t *base = config_setting_get_member(root, "base");
    if (base == NULL)
        return COP_OK;
    *place = cop_setting_place(base, file);
    if (config_setting_type(base) != CONFIG_TYPE_STRING)
        return cop_fail_at(c->err, COP_INVALID, place->file, place->line,
                           "base is %s; wanted a string, the path of another config",
                           cop_setting_type_name(base));
    *name = cop_arena_strdup(c->files.arena, config_setting_get_string(base));
    (void)config_setting_remove(root, "base");
    return *name != NULL ? COP_OK : cop_out_of_memory(c->err);
}

static void forget_name(config_setting_t *root)
{
    config_setting_t *study = config_setting_get_member(root, "study");
    if (study != NULL && config_setting_is_group(study))
        (void)config_setting_remove(study, "name");
}

/* Replaces *tree by itself over its base. */
static cop_status put_over(const composing *c, const config_t *base, const char *file,
                           config_t **tree)
{
    const cop_path whole = {0};
    const cop_patch patch = {.target = config_root_setting(base),
                             .path = &whole,
                             .value = config_root_setting(*tree),
                             .is_merged = true};
    config_t *both = NULL;
    COP_TRY(cop_tree_copy(config_root_setting(base), &patch, file, c->files.arena, &both, c->err));
    cop_tree_free(*tree);
    *tree = both;
    return COP_OK;
}

static cop_status read_composed(composing *c, cop_config_file *file, config_t **out)
{
    cop_config_file inner = {.outer = file, .how = "base = "};
    config_t *base = NULL;
    COP_TRY(read_alone(c, file, out));
    cop_status status =
        take_base(c, config_root_setting(*out), file->path, &inner.name, &inner.place);
    if (status == COP_OK && inner.name != NULL) {
        status = read_composed(c, &inner, &base);
        if (status == COP_OK) {
            forget_name(config_root_setting(base));
            status = put_over(c, base, file->path, out);
            cop_tree_free(base);
        }
    }
    if (status != COP_OK) {
        cop_tree_free(*out);
        *out = NULL;
    }
    return status;
}

cop_status cop_config_compose(const char *path, cop_logger *log, cop_arena *arena, config_t **out,
                              cop_error *err)
{
    composing c = {.files = {.arena = arena}, .log = log, .err = err};
    cop_config_file first = {.path = path};
    *out = NULL;
    return read_composed(&c, &first, out);
}
