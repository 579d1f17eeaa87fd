/* select_work.c: the work of distillers that select: a step for each class, in the features of a
 * network whose training was planned. */
#include <coppice/select.h>

/* Of each class the samples that were chosen, in the bag. */
static int64_t *chosen_of(cop_work *work)
{
    return cop_i64(cop_tensors_find(cop_work_bag(work), "chosen"));
}

cop_status cop_select_plan(const void *options, cop_plan *plan, cop_error *err)
{
    const cop_select_options *o = options;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    const cop_training_request request = {
        COP_SIZED(cop_training_request), .label = "feature network", .model = o->model,
        .data = COP_DATA_REAL,           .recipe = o->training,      .start = COP_START_INIT};
    COP_TRY(cop_plan_need_images(plan, o->ipc, err));
    cop_plan_steps(plan, classes);
    cop_plan_expect_set(plan, o->ipc * classes, o->recipe);
    cop_plan_spend(plan, (double)cop_plan_train_count(plan), 0.0); /* each once, for its features */
    return cop_plan_train(plan, &request, err);
}

cop_status cop_select_begin(void *options, cop_work *work, cop_error *err)
{
    const cop_select_options *o = options;
    cop_shape shape = cop_shape2(cop_task_classes(cop_work_task(work)), o->ipc);
    return cop_tensors_add(cop_work_bag(work), "chosen", COP_I64, shape, NULL, err);
}

cop_status cop_select_step(const void *options, cop_chooser choose, cop_work *work, int64_t label,
                           cop_error *err)
{
    const cop_select_options *o = options;
    const cop_tensors *network = NULL;
    COP_TRY(cop_work_requested(work, 0, &network, err));
    const cop_select_spec spec = {COP_SIZED(cop_select_spec),
                                  .model = o->model,
                                  .state = network,
                                  .data = cop_work_train_data(work),
                                  .per_class = o->ipc,
                                  .choose = choose,
                                  .options = options,
                                  .seed = cop_work_seed(work),
                                  .threads = cop_work_threads(work)};
    return cop_select_class(&spec, (int32_t)label, chosen_of(work) + label * o->ipc, err);
}

cop_status cop_select_finish(void *options, cop_work *work, cop_error *err)
{
    const cop_select_options *o = options;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), o->recipe, err));
    return cop_selected_set(cop_work_set(work), cop_work_train_data(work), chosen_of(work), o->ipc,
                            err);
}
