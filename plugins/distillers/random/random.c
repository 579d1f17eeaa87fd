/* random.c: the selection baseline of every distillation paper: real images, some of each class.
 *
 * With factor f > 1 each stored image is a mosaic of f x f real images, shrunk by nearest neighbour
 * (IDC's starting point "mix"; Kim et al. 2022), decoded like IDC's sets. Tile t of the k-th image
 * of a class is the class's chosen image t · ipc + k, as in the paper's code. */
#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <stdlib.h>

enum { SELECT_RANDOM = 0, SELECT_FIRST = 1 };
enum { DECODE_SINGLE = 0, DECODE_MULTI = 1 };

typedef struct options {
    int64_t ipc;
    int64_t factor;
    int32_t selection;
    int32_t decode;
    const cop_recipe *recipe;
} options;

static cop_decode decode_of(const options *o)
{
    if (o->factor == 1)
        return COP_DECODE_NONE;
    return o->decode == DECODE_MULTI ? COP_DECODE_MULTI : COP_DECODE_SINGLE;
}

static int64_t images_per_class(const options *o)
{
    return o->ipc * o->factor * o->factor;
}

static cop_status plan_random(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    const cop_task *task = cop_plan_task(plan);
    if (o->factor > cop_task_height(task) || o->factor > cop_task_width(task))
        return cop_fail(err, COP_INVALID, "factor %lld: more tiles than the %dx%d images have rows",
                        (long long)o->factor, (int)cop_task_height(task),
                        (int)cop_task_width(task));
    if (cop_plan_need_images(plan, images_per_class(o), err) != COP_OK)
        return cop_fail_within(err, "ipc x factor x factor images of each class are needed");
    int64_t stored = o->ipc * cop_task_classes(task);
    cop_plan_steps(plan, 1);
    cop_plan_expect_set(plan, cop_decoded_count(decode_of(o), (int32_t)o->factor, stored),
                        o->recipe);
    cop_plan_spend(plan, 0.0, 0.0);
    return COP_OK;
}

static cop_status begin_random(void *self, cop_work *work, cop_error *err)
{
    cop_shape shape = cop_shape2(cop_task_classes(cop_work_task(work)), images_per_class(self));
    return cop_tensors_add(cop_work_bag(work), "chosen", COP_I64, shape, NULL, err);
}

/* Writes the chosen images of one class; `members` and `order` have room for every sample. */
static cop_status choose(const options *o, const cop_work *work, int32_t label, int64_t *members,
                         int64_t *order, int64_t *chosen, cop_error *err)
{
    int64_t wanted = images_per_class(o);
    int64_t found = cop_samples_of_class(cop_work_train_data(work), label, members);
    if (found < wanted)
        return cop_fail(err, COP_INVALID, "class %d has %lld training images, wanted %lld",
                        (int)label, (long long)found, (long long)wanted);
    if (o->selection == SELECT_RANDOM) {
        cop_stream stream = cop_work_stream(work, "selection", (uint64_t)label);
        cop_stream_permutation(&stream, order, found);
    }
    for (int64_t i = 0; i < wanted; i++)
        chosen[i] = members[o->selection == SELECT_RANDOM ? order[i] : i];
    return COP_OK;
}

static cop_status step_random(void *self, cop_work *work, int64_t i, cop_error *err)
{
    (void)i;
    int32_t classes = cop_task_classes(cop_work_task(work));
    size_t room = (size_t)cop_samples_count(cop_work_train_data(work)) + 1;
    int64_t *members = calloc(room, sizeof *members), *order = calloc(room, sizeof *order);
    int64_t *chosen = cop_i64(cop_tensors_find(cop_work_bag(work), "chosen"));
    cop_status status = COP_OK;
    if (members == NULL || order == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    for (int32_t c = 0; status == COP_OK && c < classes; c++)
        status = choose(self, work, c, members, order, chosen + c * images_per_class(self), err);
    free(members);
    free(order);
    return status;
}

static cop_status finish_random(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const int64_t *chosen = cop_i64(cop_tensors_find(cop_work_bag(work), "chosen"));
    const cop_task *task = cop_work_task(work);
    cop_synthetic *out = cop_work_set(work);
    cop_synthetic_set_decode(out, decode_of(o), (int32_t)o->factor);
    cop_synthetic_set_space(out, cop_samples_space(cop_work_train_data(work)));
    COP_TRY(cop_synthetic_set_recipe(out, o->recipe, err));
    COP_TRY(cop_synthetic_by_class(out, o->ipc, err));
    float *pixels = cop_synthetic_pixels(out);
    int64_t size = o->ipc * cop_task_values(task);
    for (int32_t c = 0; c < cop_task_classes(task); c++)
        COP_TRY(cop_tiles_compose(cop_work_train_data(work), chosen + c * images_per_class(o),
                                  o->ipc, o->factor, pixels + c * size, err));
    return COP_OK;
}

static const char *const selection_names[] = {"random", "first", NULL};
static const char *const decode_names[] = {"single", "multi", NULL};

static const cop_option option_table[] = {
    COP_OPT_IPC(options, ipc),
    COP_OPT_INT(options, factor, "1", 1, 16,
                "Each stored image is a mosaic of factor x factor real ones; 1: as it is"),
    COP_OPT_ENUM(options, selection, "random", selection_names,
                 "Which images of a class: drawn at random, or the first"),
    COP_OPT_ENUM(options, decode, "single", decode_names,
                 "Mosaics become images of the one factor, or of every factor up to it",
                 .flags = COP_OPTION_ADVANCED),
    COP_OPT_SET_RECIPE(options, recipe, "idc"),
};

COP_PLUGIN(DISTILLER, .id = "random", .version = "1.0.0", .results_version = "1",
           .summary = "Random real images, some of each class, as they are or as mosaics",
           .author = "The Coppice authors", .licence = "MIT", COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_random,
                                        .begin = begin_random, .step = step_random,
                                        .finish = finish_random},
           .defaults = "10 images per class, trained on by Kim et al.'s recipe.");
