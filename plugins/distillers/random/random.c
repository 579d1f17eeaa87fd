/* random.c: the selection baseline of every distillation paper: real images, so many a class.
 *
 * With factor f > 1 each stored image is a mosaic of f x f real images, shrunk by nearest neighbour
 * (IDC's starting point "mix"; Kim et al. 2022), decoded like IDC's sets. Tile t of the k-th image
 * of a class is the class's chosen image t · ipc + k, as in the paper's code. */
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

typedef struct selector {
    options o;
    cop_task task;
} selector;

static cop_status selector_create(const void *values, const cop_task *task, void **out,
                                  cop_error *err)
{
    const options *o = values;
    if (o->factor > task->height || o->factor > task->width)
        return cop_fail(err, COP_INVALID, "factor %lld: more tiles than the %dx%d images have rows",
                        (long long)o->factor, (int)task->height, (int)task->width);
    selector *self = malloc(sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = *o;
    self->task = *task;
    *out = self;
    return COP_OK;
}

static void selector_destroy(void *self)
{
    free(self);
}

static cop_decode decode_of(const options *o)
{
    if (o->factor == 1)
        return COP_DECODE_NONE;
    return o->decode == DECODE_MULTI ? COP_DECODE_MULTI : COP_DECODE_SINGLE;
}

static int64_t images_per_class(const selector *self)
{
    return self->o.ipc * self->o.factor * self->o.factor;
}

static cop_status check_class(const selector *self, int32_t label, int64_t found, cop_error *err)
{
    int64_t wanted = images_per_class(self);
    if (found >= wanted)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "class %d has %lld training images, wanted %lld (ipc x factor x factor)",
                    (int)label, (long long)found, (long long)wanted);
}

static cop_status selector_plan(void *state, cop_plan *plan, cop_error *err)
{
    const selector *self = state;
    const options *o = &self->o;
    for (int32_t c = 0; c < self->task.classes; c++) {
        int64_t found = cop_plan_class_count(plan, c);
        if (found >= 0)
            COP_TRY(check_class(self, c, found, err));
    }
    int64_t stored = o->ipc * cop_plan_task(plan)->classes;
    cop_plan_steps(plan, 1);
    cop_plan_expect_set(plan, cop_decoded_count(decode_of(o), (int32_t)o->factor, stored),
                        o->recipe);
    return COP_OK;
}

static cop_status selector_begin(void *state, cop_work *work, cop_tensors *bag, cop_error *err)
{
    (void)work;
    const selector *self = state;
    return cop_tensors_add(bag, "chosen", COP_I64,
                           cop_shape2(self->task.classes, images_per_class(self)), NULL, err);
}

/* Writes the chosen images of one class; `members` and `order` have room for every sample. */
static cop_status choose(const selector *self, const cop_work *work, int32_t label,
                         int64_t *members, int64_t *order, int64_t *chosen, cop_error *err)
{
    int64_t wanted = images_per_class(self);
    int64_t found = cop_samples_of_class(cop_work_train_data(work), label, members);
    COP_TRY(check_class(self, label, found, err));
    if (self->o.selection == SELECT_RANDOM) {
        cop_stream stream = cop_work_stream(work, "selection", (uint64_t)label);
        cop_stream_permutation(&stream, order, found);
    }
    for (int64_t i = 0; i < wanted; i++)
        chosen[i] = members[self->o.selection == SELECT_RANDOM ? order[i] : i];
    return COP_OK;
}

static cop_status selector_step(void *state, cop_work *work, cop_tensors *bag, int64_t i,
                                cop_error *err)
{
    (void)i;
    const selector *self = state;
    size_t room = (size_t)cop_work_train_data(work)->count + 1;
    int64_t *members = calloc(room, sizeof *members), *order = calloc(room, sizeof *order);
    int64_t *chosen = cop_i64(cop_tensors_find(bag, "chosen"));
    cop_status status = COP_OK;
    if (members == NULL || order == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    for (int32_t c = 0; status == COP_OK && c < self->task.classes; c++)
        status = choose(self, work, c, members, order, chosen + c * images_per_class(self), err);
    free(members);
    free(order);
    return status;
}

/* Where tile t of `factor` begins along a side, and how long it is: the first side mod factor tiles
 * are one pixel longer. */
static void tile_span(int64_t side, int64_t factor, int64_t t, int64_t *first, int64_t *length)
{
    int64_t longer = side % factor;
    *length = side / factor + (t < longer);
    *first = t * (side / factor) + (t < longer ? t : longer);
}

/* Shrinks an image by nearest neighbour into its tile of a stored one; both [C, H, W]. */
static void put_tile(const selector *self, const float *image, int64_t row, int64_t column,
                     float *stored)
{
    int64_t top, height, left, width;
    int64_t side_y = self->task.height, side_x = self->task.width;
    tile_span(side_y, self->o.factor, row, &top, &height);
    tile_span(side_x, self->o.factor, column, &left, &width);
    for (int64_t c = 0; c < self->task.channels; c++) {
        for (int64_t y = 0; y < height; y++) {
            for (int64_t x = 0; x < width; x++)
                stored[(c * side_y + top + y) * side_x + left + x] =
                    image[(c * side_y + y * side_y / height) * side_x + x * side_x / width];
        }
    }
}

static void compose(const selector *self, const cop_samples *data, const int64_t *chosen,
                    float *image, cop_synthetic *out)
{
    int64_t pixels = (int64_t)self->task.channels * self->task.height * self->task.width;
    for (int32_t c = 0; c < self->task.classes; c++) {
        for (int64_t k = 0; k < self->o.ipc; k++) {
            int64_t at = c * self->o.ipc + k;
            out->labels[at * self->task.classes + c] = 1.0f;
            for (int64_t t = 0; t < self->o.factor * self->o.factor; t++) {
                cop_samples_pixels(data, chosen[c * images_per_class(self) + t * self->o.ipc + k],
                                   image);
                put_tile(self, image, t / self->o.factor, t % self->o.factor,
                         out->pixels + at * pixels);
            }
        }
    }
}

static cop_status selector_finish(void *state, cop_work *work, cop_tensors *bag, cop_synthetic *out,
                                  cop_error *err)
{
    const selector *self = state;
    const cop_samples *data = cop_work_train_data(work);
    out->task = self->task;
    out->normalization = data->normalization;
    out->decode = decode_of(&self->o);
    out->factor = (int32_t)self->o.factor;
    COP_TRY(cop_synthetic_set_recipe(out, self->o.recipe, err));
    COP_TRY(cop_synthetic_allocate(out, self->o.ipc * self->task.classes, err));
    float *image = malloc(sizeof *image * (size_t)self->task.channels * (size_t)self->task.height *
                          (size_t)self->task.width);
    if (image == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    compose(self, data, cop_i64(cop_tensors_find(bag, "chosen")), image, out);
    free(image);
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

static const cop_distiller_ops ops = {.size = sizeof(cop_distiller_ops),
                                      .create = selector_create,
                                      .destroy = selector_destroy,
                                      .plan = selector_plan,
                                      .begin = selector_begin,
                                      .step = selector_step,
                                      .finish = selector_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_DISTILLER, COP_DISTILLER_INTERFACE),
    .id = "random",
    .version = "1.0.0",
    .results_version = "1",
    .summary = "Random real images, so many a class, as they are or as mosaics",
    .author = "The Coppice authors",
    .licence = "MIT",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .options_size = sizeof(options),
    .ops = &ops,
};
