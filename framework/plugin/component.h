/* component.h (implemented in component.c, plugin/options/options.c, plugin/options/table_check.c):
 * a plugin chosen by a config, with its options filled and checked, and the instances made of
 * it. */
#ifndef COP_PLUGIN_COMPONENT_H
#define COP_PLUGIN_COMPONENT_H

#include "plugin/loading/registry.h"
#include "plugin/preparation.h"
#include "train/recipe.h"

#include <libconfig.h>

/* A plugin and finished options. Created from a config group; owns its options struct and every
 * string and list in it. Models that are options of it (COP_OPTION_MODEL) are components too, and
 * are made when the component is instantiated. The registry must outlive it. */
typedef struct cop_component cop_component;

/* Reads the group { plugin = "id"; option = value; … } as a component of this kind: unknown keys,
 * wrong types, values out of range, missing required options are COP_INVALID with file:line and,
 * for a misspelt name, the nearest valid one. Keys in `skip` (NULL-terminated, may be NULL) belong
 * to the framework and are passed over. `file` names the config in messages where libconfig does
 * not know. */
cop_status cop_component_read(const cop_registry *r, cop_kind kind, const config_setting_t *group,
                              const char *const *skip, const char *file, cop_logger *log,
                              cop_component **out, cop_error *err);
void cop_component_free(cop_component *c);

const cop_registry_entry *cop_component_entry(const cop_component *c);

/* One canonical line that says everything that can change results: kind, id, results_version (and,
 * for a version ending in -dev, the content hash of the .so), and every option by name order, as
 * canonical values, defaults too: a later version's default may be another. Execution-only options
 * and judgements are left out. Part of identities. */
const char *cop_component_identity(const cop_component *c);

/* The same line without the options that say how many steps there are (COP_OPTION_LENGTH): what
 * shorter and longer works have in common. NULL where there is no such option. */
const char *cop_component_course(const cop_component *c);

/* All options with their effective values, "name = value" lines, for logs and `check`. Of what the
 * framework does with a dataset's samples, what is not the default. */
const char *cop_component_effective(const cop_component *c);

/* The plugin's own options alone, in the same way. */
const char *cop_component_own_effective(const cop_component *c);

/* What the framework does with a dataset's samples; of another kind, nothing. */
const cop_preparation *cop_component_preparation(const cop_component *c);

/* Where its group was written: a file, or "--set …" with line 0; *file is NULL where that is not
 * known. Lives as long as the component. */
void cop_component_place(const cop_component *c, const char **file, int *line);

/* The same of one of the keys that the framework gives a dataset's group; where the group does not
 * say it, the group's. */
void cop_component_key_place(const cop_component *c, const char *key, const char **file, int *line);

/* Puts a failure that has no place yet at this one (`file` may be NULL), or at the component's.
 * Both return `status`, and do nothing where that is COP_OK. */
cop_status cop_place_at(const char *file, int line, cop_status status, cop_error *err);
cop_status cop_place_at_component(const cop_component *c, cop_status status, cop_error *err);

/* Whether its group states the option, be it with the value of the default. */
bool cop_component_states(const cop_component *c, const char *option);

/* A distiller's option that says how its set is trained on (COP_OPTION_SET_RECIPE), or NULL. */
const cop_option *cop_component_set_recipe(const cop_component *c);

/* The models among its options. */
size_t cop_component_model_count(const cop_component *c);
const cop_component *cop_component_model_at(const cop_component *c, size_t i);

/* Reads one table of options from a config group into a zeroed struct, as component_read does: used
 * for the framework's own groups (study, train, …), which are described by the same tables. Strings
 * and lists are owned by *values. */
typedef struct cop_option_values cop_option_values;
cop_status cop_options_read(const cop_option *table, size_t count, const config_setting_t *group,
                            const char *const *skip, const char *what, const char *file,
                            const cop_registry *r, cop_logger *log, void *options,
                            cop_option_values **values, cop_error *err);
/* The same for a dataset's, whose paths stay texts in its identity: no stage's identity has that,
 * but a fingerprint of what was read, and a sweep would read the files again for every cell. */
cop_status cop_data_options_read(const cop_option *table, size_t count,
                                 const config_setting_t *group, const char *const *skip,
                                 const char *what, const char *file, const cop_registry *r,
                                 cop_logger *log, void *options, cop_option_values **values,
                                 cop_error *err);
void cop_option_values_free(cop_option_values *values);

/* Whether the group that was read has the option, by its own or an old name. */
bool cop_option_values_state(const cop_option_values *values, const char *name);

/* The models among the options that were read: the component, and the offset of its field. */
size_t cop_option_values_model_count(const cop_option_values *values);
const cop_component *cop_option_values_model(const cop_option_values *values, size_t i,
                                             size_t *offset);

/* One line in braces: the value of every option by name, execution-only and judgement ones left
 * out. */
const char *cop_option_values_identity(const cop_option_values *values);

/* The same without those that say how many steps there are; NULL where there is none. */
const char *cop_option_values_course(const cop_option_values *values);
const char *cop_option_values_effective(const cop_option_values *values);

/* Checks that there are no more rows than a table may have, and rows where it has any. */
cop_status cop_options_check_count(const cop_option *table, size_t count, cop_error *err);

/* Checks a table: names valid and unique, defaults parse and lie in range, aliases point somewhere,
 * offsets inside options_size. */
cop_status cop_options_check(const cop_option *table, size_t count, size_t options_size,
                             cop_error *err);

/* Instances. */

/* Makes the model that a component describes, for a task: creates, declares, checks the declaration
 * (unique names, sane shapes) and a trial build. Free with cop_model_free (nn/model.h). A failure
 * is at the component's place. */
cop_status cop_component_model(const cop_component *c, const cop_task *task, struct cop_model **out,
                               cop_error *err);

/* What instances of a component are made from: its options with their models made. Of a dataset
 * (task NULL) also the one instance, `self`. The component must outlive it. A failure leaves *out
 * empty; it is at the component's place and names the plugin, then, if the plugin gave one, the
 * file of its own; the plugin's own words follow. For the kinds of long work an instance is made
 * and destroyed by way of trial, so that one that cannot be made is told before anything runs. */
typedef struct cop_instance {
    const cop_component *component;
    const void *ops; /* the kind's ops table */
    void *self;      /* of a dataset */
    /* The component's, with the models set; strings and lists stay the component's. */
    void *options;
    bool is_created;
    struct cop_model **models; /* of its options */
    size_t model_count;
    cop_recipe *recipes; /* of its options, in place of those that say augment = "default" */
    size_t recipe_count;
} cop_instance;

cop_status cop_instance_open(const cop_component *c, const cop_task *task, cop_instance *out,
                             cop_error *err);

/* The same where there are data: recipes among the options that say augment = "default" have
 * `augment`, a set of cop_augment_flag, instead. */
cop_status cop_instance_open_for(const cop_component *c, const cop_task *task, uint32_t augment,
                                 cop_instance *out, cop_error *err);
void cop_instance_close(cop_instance *instance);

/* cop_model_use_cache (nn/model.h) for each model of its options. */
struct cop_program_cache;
void cop_instance_use_cache(const cop_instance *instance, struct cop_program_cache *cache);

/* The instance of one piece of work (distillers, pruners, analyzers), with a copy of the options
 * that is its own. `from` must outlive it. A failure is told as above and leaves *out empty. */
typedef struct cop_worker {
    const cop_instance *from;
    void *options;
    void *self; /* what the callbacks take */
} cop_worker;

cop_status cop_worker_open(const cop_instance *from, const cop_task *task, cop_worker *out,
                           cop_error *err);
void cop_worker_close(cop_worker *worker);

#endif
