/* file.c: a distilled set that was made elsewhere: with the authors' code, with another program, or
 * by an earlier study (`coppice export --synthetic`).
 *
 * It is read from tensors (safetensors, .npy, .npz) or from a folder of pictures for each class.
 * What such a file does not say of itself is stated in the config: the space of its pixels, the
 * normalisation, the decoding, the kind of its labels, whitening, and the recipe that networks are
 * trained with on it. Nothing of that is guessed; a set that `coppice export` wrote says all of it.
 * PyTorch's own files are turned into safetensors by tools/convert/pt-to-safetensors.
 *
 * A set is trained on as it is: pixels are not normalised again by another dataset's constants, and
 * images of another size than the data's are refused, not resized. Whether a set was whitened (ZCA)
 * as the data are is stated, with what is known of it; that both used the same ε is not checked. */
#include "given.h"

#include <coppice/plugin.h>

#include <math.h>
#include <string.h>

/* Whitened sets and whitened data belong together. */
static cop_status check_data(const given *g, cop_pixel_space data, cop_error *err)
{
    bool is_whitened = data == COP_PIXELS_NORMALISED;
    if (is_whitened == g->is_whitened)
        return COP_OK;
    if (is_whitened)
        return cop_fail(err, COP_INVALID,
                        "the data are whitened, and the set is not known to be: state zca = "
                        "\"yes\" where it is");
    return cop_fail(err, COP_INVALID,
                    "the set is of whitened images, and the data are not whitened: networks "
                    "trained on it would be tested on other images");
}

static cop_status plan_file(const void *values, cop_plan *plan, cop_error *err)
{
    const options *o = values;
    given g;
    cop_status status = given_read(o, cop_plan_task(plan), &g, err);
    if (status == COP_OK)
        status = check_data(&g, cop_plan_space(plan), err);
    if (status == COP_OK && g.is_folder)
        status = given_check_folders(o, plan, err);
    if (status == COP_OK) {
        cop_plan_expect_set(plan, cop_decoded_count(g.decode, g.factor, g.count), g.recipe);
        cop_plan_spend(plan, 0.0, 0.0);
    }
    given_clear(&g);
    return status;
}

static cop_status fill(const given *g, cop_synthetic *out, cop_error *err)
{
    const cop_task *task = cop_synthetic_task(out);
    size_t pixels = (size_t)(g->count * cop_task_values(task));
    size_t labels = (size_t)(g->count * cop_task_classes(task));
    COP_TRY(cop_synthetic_allocate(out, g->count, err));
    memcpy(cop_synthetic_pixels(out), g->pixels, pixels * sizeof *g->pixels);
    memcpy(cop_synthetic_labels(out), g->labels, labels * sizeof *g->labels);
    cop_synthetic_set_space(out, g->space);
    cop_synthetic_set_decode(out, g->decode, g->factor);
    if (g->has_normalization)
        cop_synthetic_set_normalization(out, &g->normalization);
    COP_TRY(cop_synthetic_set_origin(out, g->origin, err));
    return cop_synthetic_set_recipe(out, g->recipe, err);
}

/* Networks are tested on images that are normalised as the data say. */
static void compare_normalization(const given *g, const cop_work *work)
{
    const cop_samples *data = cop_work_train_data(work);
    cop_normalization n = cop_samples_normalization(data);
    bool differs = false;
    for (int32_t c = 0; c < cop_task_channels(cop_work_task(work)); c++)
        differs = differs || fabsf(n.mean[c] - g->normalization.mean[c]) > 1e-3f * n.std[c] ||
                  fabsf(n.std[c] / g->normalization.std[c] - 1.0f) > 1e-3f;
    if (g->has_normalization && !g->is_whitened && differs)
        cop_say(cop_work_logger(work), COP_LOG_WARNING,
                "distiller 'file': the set is normalised otherwise than the data that networks "
                "trained on it are tested on");
}

static cop_status finish_file(void *self, cop_work *work, cop_error *err)
{
    given g;
    cop_status status = given_read(self, cop_work_task(work), &g, err);
    if (status == COP_OK)
        status = check_data(&g, cop_samples_space(cop_work_train_data(work)), err);
    if (status == COP_OK) {
        compare_normalization(&g, work);
        status = fill(&g, cop_work_set(work), err);
    }
    given_clear(&g);
    return status;
}

static const char *const space_names[] = {"auto", "unit", "normalised", "bytes", NULL};
static const char *const decode_names[] = {"auto", "none", "single", "multi", NULL};
static const char *const label_names[] = {"auto", "hard", "soft", "logits", NULL};
static const char *const zca_names[] = {"auto", "no", "yes", NULL};

static const cop_option option_table[] = {
    COP_OPT_PATH(options, path, "",
                 "The set: a safetensors, .npy or .npz file, or a folder with a folder of PNG and "
                 "JPEG pictures for each class"),
    COP_OPT_PATH(options, labels_path, "", "The file of the labels, where it is another one"),
    COP_OPT_STRING(options, images, "images",
                   "What the tensor of images is called: [n, C, H, W], [n, H, W, C], or [n, H, W] "
                   "of one channel; \"pixels\" is known, too"),
    COP_OPT_STRING(options, labels, "labels",
                   "What the tensor of labels is called: classes [n], or [n, classes]"),
    COP_OPT_ENUM(options, space, "auto", space_names,
                 "Pixels are in [0, 1], as a network sees them, or 0 to 255; auto: as the file "
                 "says, bytes where they are 8-bit, else refused"),
    COP_OPT_FLOAT_LIST(options, mean, "[]", -INFINITY, INFINITY,
                       "Normalisation, a number per channel; []: the file's, or the dataset's"),
    COP_OPT_FLOAT_LIST(options, std, "[]", 0, INFINITY, "Its deviations"),
    COP_OPT_ENUM(options, decode, "auto", decode_names,
                 "Stored images become training images of one factor or of every factor up to it; "
                 "auto: as the file says, else none"),
    COP_OPT_INT(options, factor, "0", 0, 64, "Tiles of a stored image along a side; 0: the file's"),
    COP_OPT_ENUM(options, label_kind, "auto", label_names,
                 "Rows of labels are one-hot, probabilities, or logits (softmax is taken); auto: "
                 "one-hot or probabilities"),
    COP_OPT_ENUM(options, zca, "auto", zca_names,
                 "The set is of whitened images (ZCA): on data that are whitened alone; auto: as "
                 "the file says, else no"),
    COP_OPT_STRINGS(options, classes, "[]",
                    "Names of the classes' folders, in the order of the classes; []: sorted, "
                    "numbers by their value, and refused where the data's classes are in another "
                    "order",
                    .flags = COP_OPTION_ADVANCED),
    COP_OPT_RECIPE(options, recipe, "",
                   "How the set is trained on: idc, dc, mtt, …; without it as the file says, else "
                   "refused"),
};

COP_PLUGIN(DISTILLER, .id = "file", .version = "1.0.0", .results_version = "1",
           .summary = "A distilled set that was made elsewhere, from tensors or pictures",
           .author = "The Coppice authors", .licence = "MIT", COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_file,
                                        .finish = finish_file},
           .defaults = "chosen here: what a file does not say of itself is stated, and nothing is "
                       "guessed.");
