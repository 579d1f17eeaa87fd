/* abi.c: pins what crosses the plugin boundary by value or by a size-tagged struct, as plugins have
 * been compiled with it. A line that fails says that every plugin has to be built anew: then the
 * major version changes. Whoever adds a member to a size-tagged struct adds it behind the last one,
 * padding included, and leaves these lines as they are, for they say where the members of its first
 * version stand. What is small and goes by value does not grow. */
#include <coppice/distil.h>
#include <coppice/model.h>
#include <coppice/objective.h>
#include <coppice/plugin.h>
#include <coppice/program.h>
#include <coppice/select.h>
#include <coppice/table.h>
#include <coppice/trainer.h>

#include "core/sized.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has a size of its own")
#define AT(type, member, offset)                                                                   \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " has a place of its "    \
                                                             "own")
/* The first version of a struct that grows: its size tag, and where its last member ended. */
#define FIRST(type, last, bytes)                                                                   \
    AT(type, size, 0);                                                                             \
    _Static_assert(COP_LEAST(type, last) == (bytes) && sizeof(type) >= (bytes),                    \
                   #type " lacks what its first version had")

/* By value: these stay as they are. */
SIZE(cop_status, 4);
SIZE(cop_node, 4);
SIZE(cop_error, 1032);
AT(cop_error, status, 0);
AT(cop_error, file, 8);
AT(cop_error, line, 4);
AT(cop_error, message, 264);
SIZE(cop_shape, 40);
AT(cop_shape, rank, 0);
AT(cop_shape, dim, 8);
SIZE(cop_tensor, 152);
AT(cop_tensor, name, 0);
AT(cop_tensor, dtype, 96);
AT(cop_tensor, shape, 104);
AT(cop_tensor, data, 144);
SIZE(cop_stream, 48);
SIZE(cop_duration, 16);
SIZE(cop_window, 24);
SIZE(cop_normalization, 32);
AT(cop_normalization, mean, 0);
AT(cop_normalization, std, 16);
SIZE(cop_initializer, 40);
AT(cop_initializer, kind, 0);
AT(cop_initializer, flags, 4);
AT(cop_initializer, value, 8);
AT(cop_initializer, fan, 16);
AT(cop_initializer, more, 24);
SIZE(cop_table_value, 8);

/* At the head of a plugin's own options: these stay as they are, too. */
SIZE(cop_prune_options, 72);
AT(cop_prune_options, sparsity, 0);
AT(cop_prune_options, rate, 8);
AT(cop_prune_options, scope, 16);
AT(cop_prune_options, iterative, 20);
AT(cop_prune_options, exclude, 24);
AT(cop_prune_options, reserved, 40);
SIZE(cop_select_options, 64);
AT(cop_select_options, ipc, 0);
AT(cop_select_options, model, 8);
AT(cop_select_options, training, 16);
AT(cop_select_options, recipe, 24);
AT(cop_select_options, reserved, 32);
SIZE(cop_condense_options, 128);
AT(cop_condense_options, ipc, 0);
AT(cop_condense_options, iterations, 8);
AT(cop_condense_options, outer, 16);
AT(cop_condense_options, inner, 24);
AT(cop_condense_options, batch_real, 32);
AT(cop_condense_options, net_batch, 40);
AT(cop_condense_options, lr, 48);
AT(cop_condense_options, momentum, 56);
AT(cop_condense_options, net_lr, 64);
AT(cop_condense_options, start, 72);
AT(cop_condense_options, augment, 76);
AT(cop_condense_options, model, 80);
AT(cop_condense_options, recipe, 88);
AT(cop_condense_options, reserved, 96);

/* Size-tagged: these grow at their end. */
FIRST(cop_parameter, reserved, 192);
AT(cop_parameter, name, 4);
AT(cop_parameter, shape, 104);
AT(cop_parameter, init, 144);
AT(cop_parameter, role, 184);
AT(cop_parameter, prunable, 188);
FIRST(cop_compile_options, reserved, 16);
AT(cop_compile_options, precision, 4);
AT(cop_compile_options, threads, 8);
FIRST(cop_program_cost, reorders, 48);
AT(cop_program_cost, operations, 8);
AT(cop_program_cost, flops, 16);
AT(cop_program_cost, conv_flops, 24);
AT(cop_program_cost, arena_bytes, 32);
AT(cop_program_cost, reorders, 40);
FIRST(cop_objective_spec, reserved, 64);
AT(cop_objective_spec, mode, 4);
AT(cop_objective_spec, model, 8);
AT(cop_objective_spec, data, 16);
AT(cop_objective_spec, index, 24);
AT(cop_objective_spec, count, 32);
AT(cop_objective_spec, batch, 40);
AT(cop_objective_spec, logit_scale, 48);
AT(cop_objective_spec, threads, 56);
FIRST(cop_evaluation, count, 32);
AT(cop_evaluation, loss, 8);
AT(cop_evaluation, accuracy, 16);
AT(cop_evaluation, count, 24);
FIRST(cop_trainer_spec, augment_seed, 56);
AT(cop_trainer_spec, threads, 4);
AT(cop_trainer_spec, model, 8);
AT(cop_trainer_spec, data, 16);
AT(cop_trainer_spec, recipe, 24);
AT(cop_trainer_spec, mask, 32);
AT(cop_trainer_spec, order_seed, 40);
AT(cop_trainer_spec, augment_seed, 48);
FIRST(cop_train_metrics, samples, 40);
AT(cop_train_metrics, loss, 8);
AT(cop_train_metrics, accuracy, 16);
AT(cop_train_metrics, lr, 24);
AT(cop_train_metrics, samples, 32);
FIRST(cop_plot, reserved, 72);
AT(cop_plot, kind, 4);
AT(cop_plot, title, 8);
AT(cop_plot, x, 16);
AT(cop_plot, y, 24);
AT(cop_plot, error, 32);
AT(cop_plot, value, 40);
AT(cop_plot, series, 48);
AT(cop_plot, headlines, 56);
AT(cop_plot, log_x, 64);
AT(cop_plot, log_y, 65);
AT(cop_plot, equal_axes, 66);
AT(cop_plot, marks, 72);
AT(cop_plot, surface, 80);
FIRST(cop_table_spec, plot, 48);
AT(cop_table_spec, column_size, 4);
AT(cop_table_spec, name, 8);
AT(cop_table_spec, help, 16);
AT(cop_table_spec, columns, 24);
AT(cop_table_spec, column_count, 32);
AT(cop_table_spec, plot, 40);
_Static_assert(COP_LEAST(cop_column, help) == 32, "cop_column lacks what its first version had");
AT(cop_column, name, 0);
AT(cop_column, type, 8);
AT(cop_column, role, 12);
AT(cop_column, unit, 16);
AT(cop_column, help, 24);

/* What a plugin says of itself and of its options. */
_Static_assert(COP_LEAST(cop_plugin, ops) == 112, "cop_plugin lacks what its first version had");
AT(cop_plugin, magic, 0);
AT(cop_plugin, abi_major, 4);
AT(cop_plugin, abi_minor, 6);
AT(cop_plugin, size, 8);
AT(cop_plugin, kind, 12);
AT(cop_plugin, kind_interface, 16);
AT(cop_plugin, option_size, 20);
AT(cop_plugin, id, 24);
AT(cop_plugin, version, 32);
AT(cop_plugin, results_version, 40);
AT(cop_plugin, summary, 48);
AT(cop_plugin, author, 56);
AT(cop_plugin, licence, 64);
AT(cop_plugin, citation, 72);
AT(cop_plugin, options, 80);
AT(cop_plugin, option_count, 88);
AT(cop_plugin, options_size, 96);
AT(cop_plugin, ops, 104);
_Static_assert(COP_LEAST(cop_option, alias_of) == 88,
               "cop_option lacks what its first version had");
AT(cop_option, name, 0);
AT(cop_option, type, 8);
AT(cop_option, has_range, 12);
AT(cop_option, offset, 16);
AT(cop_option, def, 24);
AT(cop_option, min, 32);
AT(cop_option, max, 40);
AT(cop_option, choices, 48);
AT(cop_option, help, 56);
AT(cop_option, flags, 64);
AT(cop_option, unit, 72);
AT(cop_option, alias_of, 80);

/* What it implements. */
FIRST(cop_work_ops, judge, 64);
AT(cop_work_ops, create, 8);
AT(cop_work_ops, destroy, 16);
AT(cop_work_ops, plan, 24);
AT(cop_work_ops, begin, 32);
AT(cop_work_ops, step, 40);
AT(cop_work_ops, finish, 48);
AT(cop_work_ops, judge, 56);
FIRST(cop_model_ops, build, 40);
AT(cop_model_ops, create, 8);
AT(cop_model_ops, destroy, 16);
AT(cop_model_ops, declare, 24);
AT(cop_model_ops, build, 32);
AT(cop_model_ops, network, 40);
FIRST(cop_dataset_ops, read, 40);
AT(cop_dataset_ops, create, 8);
AT(cop_dataset_ops, destroy, 16);
AT(cop_dataset_ops, describe, 24);
AT(cop_dataset_ops, read, 32);
AT(cop_dataset_ops, stamp, 40);

/* What works hand over. */
FIRST(cop_training_request, snapshot_count, 80);
AT(cop_training_request, label, 8);
AT(cop_training_request, model, 16);
AT(cop_training_request, data, 24);
AT(cop_training_request, recipe, 32);
AT(cop_training_request, start, 40);
AT(cop_training_request, init, 48);
AT(cop_training_request, noise, 56);
AT(cop_training_request, snapshots, 64);
AT(cop_training_request, snapshot_count, 72);
FIRST(cop_prune_amount, exclude, 32);
AT(cop_prune_amount, scope, 4);
AT(cop_prune_amount, sparsity, 8);
AT(cop_prune_amount, rate, 16);
AT(cop_prune_amount, exclude, 24);
FIRST(cop_other_ticket, reserved, 40);
AT(cop_other_ticket, phase, 4);
AT(cop_other_ticket, cell, 8);
AT(cop_other_ticket, seed, 16);
AT(cop_other_ticket, round, 24);
AT(cop_other_ticket, is_of_line, 32);
AT(cop_other_ticket, is_of_cell, 33);
AT(cop_other_ticket, is_of_seed, 34);
FIRST(cop_classes_spec, seed, 32);
AT(cop_classes_spec, data, 8);
AT(cop_classes_spec, batch, 16);
AT(cop_classes_spec, seed, 24);
FIRST(cop_pixels_spec, space, 36);
AT(cop_pixels_spec, prefix, 8);
AT(cop_pixels_spec, data, 16);
AT(cop_pixels_spec, per_class, 24);
AT(cop_pixels_spec, space, 32);
FIRST(cop_network_spec, threads, 92);
AT(cop_network_spec, prefix, 8);
AT(cop_network_spec, model, 16);
AT(cop_network_spec, data, 24);
AT(cop_network_spec, batch, 32);
AT(cop_network_spec, lr, 40);
AT(cop_network_spec, momentum, 48);
AT(cop_network_spec, weight_decay, 56);
AT(cop_network_spec, augment, 64);
AT(cop_network_spec, cutmix, 72);
AT(cop_network_spec, seed, 80);
AT(cop_network_spec, threads, 88);
AT(cop_network_spec, draws, 96);
FIRST(cop_match_spec, threads, 100);
AT(cop_match_spec, kind, 4);
AT(cop_match_spec, distance, 8);
AT(cop_match_spec, roles, 12);
AT(cop_match_spec, model, 16);
AT(cop_match_spec, mode, 24);
AT(cop_match_spec, data, 32);
AT(cop_match_spec, classes, 40);
AT(cop_match_spec, pixels, 48);
AT(cop_match_spec, decode, 56);
AT(cop_match_spec, factor, 64);
AT(cop_match_spec, most, 72);
AT(cop_match_spec, augment, 80);
AT(cop_match_spec, draws, 84);
AT(cop_match_spec, seed, 88);
AT(cop_match_spec, threads, 96);
