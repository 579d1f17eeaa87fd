/* options.c: the option table of MTT. Defaults are the paper's on CIFAR-10; those that go by the
 * budget are in the table of its appendix. */
#include "options.h"

#define BY_BUDGET "; 0: as published for this budget (1, 10, 50 images per class: "

const cop_option mtt_option_table[] = {
    COP_OPT_IPC(mtt_options, ipc),
    COP_OPT_PIXEL_START(mtt_options, start, "real"),
    COP_OPT_DISTIL_MODEL(mtt_options, model,
                         "The network of experts and students, without batch norm"),
    COP_OPT_RECIPE(mtt_options, recipe, "mtt",
                   "How the set is trained on; its rate becomes the learned one"),
    COP_OPT_INT(mtt_options, iterations, "5000", 1, 10000000,
                "Steps of the pixels, each on one segment of an expert's trajectory",
                .flags = COP_OPTION_LENGTH),
    COP_OPT_INT(mtt_options, experts, "100", 1, 100000,
                "Trainings on the real data whose trajectories are matched", .unit = "trainings"),
    COP_OPT_RECIPE(mtt_options, expert,
                   "{ recipe = \"mtt\"; duration = \"50ep\"; momentum = 0.0; weight_decay = 0.0; "
                   "milestones = []; }",
                   "How experts are trained"),
    COP_OPT_INT(mtt_options, student_steps, "0", 0, 100000,
                "Steps of a student on the synthetic images" BY_BUDGET "50, 30, 30)"),
    COP_OPT_INT(mtt_options, expert_epochs, "0", 0, 100000,
                "Epochs of the expert that they stand for" BY_BUDGET "2, 2, 2)", .unit = "epochs"),
    COP_OPT_INT(mtt_options, max_start, "0", 0, 100000,
                "A segment begins before this epoch" BY_BUDGET "2, 20, 40)", .unit = "epochs"),
    COP_OPT_FLOAT(mtt_options, lr, "0", 0, 1e12,
                  "Rate of the pixels" BY_BUDGET "100, 100, 1000; the first two on data whitened "
                  "by dataset.zca = 0.1)"),
    COP_OPT_FLOAT(mtt_options, lr_rate, "-1", -1, 1e6,
                  "Rate of the student's rate, 0 to leave that as it is; below 0: as published "
                  "for this budget (1e-7, 1e-5, 1e-5)"),
    COP_OPT_FLOAT(mtt_options, first_rate, "0", 0, 1e3,
                  "The student's first rate" BY_BUDGET "0.01, 0.001, 0.001)"),
    COP_OPT_INT(mtt_options, batch, "0", 0, 100000,
                "Synthetic images of a student's step, a divisor of how many there are; 0: all",
                .unit = "images"),
    COP_OPT_AUGMENT(mtt_options, augment, "color_crop_cutout_flip_scale_rotate",
                    "Augmentations, of which a student's step gets one, drawn for each image"),
    COP_OPT_FLOAT(mtt_options, momentum, "0.5", 0, 0.9999, "Momentum of the pixels and the rate"),
};

/* What is published for a budget, and whether that is for whitened data. */
typedef struct published_options {
    mtt_options o;
    bool is_whitened;
} published_options;

/* Cazenavette et al. 2022, on CIFAR-10 with a ConvNet of depth 3. */
static const published_options published[] = {
    {.o = {.ipc = 1,
           .student_steps = 50,
           .expert_epochs = 2,
           .max_start = 2,
           .lr = 100.0,
           .lr_rate = 1e-7,
           .first_rate = 0.01},
     .is_whitened = true},
    {.o = {.ipc = 10,
           .student_steps = 30,
           .expert_epochs = 2,
           .max_start = 20,
           .lr = 100.0,
           .lr_rate = 1e-5,
           .first_rate = 0.001},
     .is_whitened = true},
    {.o = {.ipc = 50,
           .student_steps = 30,
           .expert_epochs = 2,
           .max_start = 40,
           .lr = 1000.0,
           .lr_rate = 1e-5,
           .first_rate = 0.001}},
};

static const published_options *find_published(int64_t ipc)
{
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        if (published[i].o.ipc == ipc)
            return &published[i];
    return NULL;
}

static bool is_settled(const mtt_options *o)
{
    return o->student_steps > 0 && o->expert_epochs > 0 && o->max_start > 0 && o->lr > 0.0 &&
           o->lr_rate >= 0.0 && o->first_rate > 0.0;
}

static void fill(mtt_options *o, const mtt_options *from)
{
    o->student_steps = o->student_steps > 0 ? o->student_steps : from->student_steps;
    o->expert_epochs = o->expert_epochs > 0 ? o->expert_epochs : from->expert_epochs;
    o->max_start = o->max_start > 0 ? o->max_start : from->max_start;
    o->lr = o->lr > 0.0 ? o->lr : from->lr;
    o->lr_rate = o->lr_rate >= 0.0 ? o->lr_rate : from->lr_rate;
    o->first_rate = o->first_rate > 0.0 ? o->first_rate : from->first_rate;
}

cop_status mtt_options_settle(const mtt_options *given, mtt_options *settled, cop_error *err)
{
    const published_options *found = find_published(given->ipc);
    *settled = *given;
    if (found != NULL)
        fill(settled, &found->o);
    if (is_settled(settled))
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "student_steps, expert_epochs, max_start, lr, lr_rate and first_rate are "
                    "published for 1, 10 and 50 images per class; for %lld all are to be stated",
                    (long long)given->ipc);
}

void mtt_options_warn(const mtt_options *given, cop_plan *plan)
{
    const published_options *found = find_published(given->ipc);
    bool is_whitened = cop_plan_space(plan) == COP_PIXELS_NORMALISED;
    if (given->lr > 0.0 || found == NULL || found->is_whitened == is_whitened)
        return;
    if (is_whitened)
        cop_plan_warn(
            plan,
            "lr = %g is published for ipc = %lld on data that are not whitened, and these "
            "are: state lr, for which no value is published here",
            found->o.lr, (long long)given->ipc);
    else
        cop_plan_warn(plan,
                      "lr = %g is published for ipc = %lld on data whitened by dataset.zca = 0.1, "
                      "and these are not whitened: state that, or lr, for which no value is "
                      "published here (for ipc = 50 it is 1000)",
                      found->o.lr, (long long)given->ipc);
}

int64_t mtt_images(const mtt_options *o, const cop_task *task)
{
    return o->ipc * cop_task_classes(task);
}

int64_t mtt_batch(const mtt_options *o, const cop_task *task)
{
    return o->batch > 0 ? o->batch : mtt_images(o, task);
}

cop_status mtt_options_check(const mtt_options *o, const cop_task *task, cop_error *err)
{
    int64_t images = mtt_images(o, task);
    cop_duration length = cop_recipe_duration(o->expert, "duration");
    if (cop_model_buffer_count(o->model) > 0)
        return cop_fail(err, COP_INVALID,
                        "model: trajectories are of parameters, and this one has running "
                        "statistics; norm = \"instance\" has none");
    if (o->batch > images || images % mtt_batch(o, task) != 0)
        return cop_fail(err, COP_INVALID, "batch = %lld does not divide the %lld synthetic images",
                        (long long)o->batch, (long long)images);
    if (length.unit == COP_EPOCHS && (double)(o->max_start - 1 + o->expert_epochs) > length.value)
        return cop_fail(err, COP_INVALID,
                        "a segment may end after epoch %lld (max_start - 1 + expert_epochs), and "
                        "experts are trained for %.0f",
                        (long long)(o->max_start - 1 + o->expert_epochs), length.value);
    return COP_OK;
}
