/* landscape.c: loss and error on a plane of networks: through three trained copies of a ticket, in
 * orthonormal coordinates (figure 3 of McDermott & Cummings 2023; Garipov et al. 2018), on the
 * plane of that paper's code, or along two random directions with filter normalisation (Li et al.
 * 2018).
 *
 * Copies are weights and biases of one shape, so a point of the plane is a network, too: a sum of
 * copies with shares of its own. Running statistics have the same shares, or are re-estimated on
 * training images at every point, the copies included. Where every copy has a 0, as where weights
 * are pruned, so has the whole plane. Each step evaluates one network: first the copies, then the
 * points of the grid. */
#include "landscape.h"

#include <stdlib.h>

typedef struct landscape {
    const landscape_options *o;
    int64_t copies; /* that are tabulated */
    landscape_grid grid;
    /* Caches, all from begin on. The plane's spans are borrowed anew in each callback. */
    landscape_plane plane;
    cop_objective *loss, *statistics;
    cop_tensors *point, *direction[2];
} landscape;

static cop_status create_landscape(const void *given, const cop_task *task, void **out,
                                   cop_error *err)
{
    (void)task;
    landscape *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    self->plane.kind = self->o->plane;
    *out = self;
    return COP_OK;
}

static void destroy_landscape(void *state)
{
    landscape *self = state;
    cop_objective_free(self->loss);
    cop_objective_free(self->statistics);
    cop_tensors_free(self->point);
    for (int k = 0; k < 2; k++)
        cop_tensors_free(self->direction[k]);
    free(self);
}

static const char *const data_names[] = {"test", "train", "distilled", NULL};
static const char *const statistics_names[] = {"interpolate", "reestimate", NULL};

static cop_status find_data(const landscape_options *o, cop_work *work, const cop_samples **out,
                            cop_error *err)
{
    *out = o->data == LANDSCAPE_TEST ? cop_work_test_data(work) : cop_work_train_data(work);
    if (o->data != LANDSCAPE_DISTILLED)
        return COP_OK;
    COP_TRY(cop_work_synthetic(work, out, err));
    return *out != NULL ? COP_OK
                        : cop_fail(err, COP_INVALID,
                                   "data = \"distilled\": this study distils no set (distill)");
}

static cop_status open_objectives(landscape *self, cop_work *work, cop_error *err)
{
    const landscape_options *o = self->o;
    const cop_samples *data = NULL;
    COP_TRY(find_data(o, work, &data, err));
    COP_TRY(cop_work_objective(work, data, o->samples, o->batch, &self->loss, err));
    if (o->statistics != LANDSCAPE_REESTIMATE)
        return COP_OK;
    return cop_work_objective(work, cop_work_train_data(work), o->reestimate_size, o->batch,
                              &self->statistics, err);
}

/* The number of the j-th copy that is tabulated. */
static int64_t number_of(const landscape_options *o, int64_t j)
{
    return o->plane == LANDSCAPE_RANDOM ? o->copy : j;
}

static cop_status copy_at(const landscape *self, cop_work *work, int64_t j, const cop_tensors **out,
                          cop_error *err)
{
    return cop_work_copy(work, (size_t)number_of(self->o, j), out, err);
}

/* Makes the scratch network, and checks that every copy has its tensors. */
static cop_status make_point(landscape *self, cop_work *work, cop_error *err)
{
    const cop_tensors *copy = NULL;
    COP_TRY(copy_at(self, work, 0, &copy, err));
    self->point = cop_tensors_clone(copy);
    if (self->point == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t j = 1; j < self->copies; j++) {
        COP_TRY(copy_at(self, work, j, &copy, err));
        COP_TRY(cop_tensors_copy(self->point, copy, err));
    }
    return COP_OK;
}

static cop_status draw_directions(landscape *self, cop_work *work, cop_error *err)
{
    const cop_tensors *copy = NULL, *mask = NULL;
    COP_TRY(copy_at(self, work, 0, &copy, err));
    COP_TRY(cop_work_mask(work, &mask, err));
    for (uint64_t k = 0; k < 2; k++)
        COP_TRY(landscape_direction(cop_work_model(work), copy, mask,
                                    cop_work_stream(work, "direction", k), &self->direction[k],
                                    err));
    return COP_OK;
}

/* Borrows what spans the plane, until the callback returns. */
static cop_status borrow_spans(landscape *self, cop_work *work, cop_error *err)
{
    landscape_plane *s = &self->plane;
    int64_t copies = landscape_spanning_copies(s->kind);
    for (int64_t k = 0; k < copies; k++)
        COP_TRY(copy_at(self, work, k, &s->spans[k], err));
    for (int64_t k = 0; s->kind == LANDSCAPE_RANDOM && k < 2; k++)
        s->spans[copies + k] = self->direction[k];
    return COP_OK;
}

static cop_status begin_landscape(void *state, cop_work *work, cop_error *err)
{
    landscape *self = state;
    bool is_random = self->o->plane == LANDSCAPE_RANDOM;
    self->copies = is_random ? 1 : (int64_t)cop_work_copy_count(work);
    COP_TRY(open_objectives(self, work, err));
    COP_TRY(make_point(self, work, err));
    if (is_random)
        COP_TRY(draw_directions(self, work, err));
    COP_TRY(borrow_spans(self, work, err));
    COP_TRY(landscape_plane_measure(&self->plane, cop_work_model(work), err));
    self->grid = landscape_grid_make(self->o, &self->plane);
    int64_t points = self->grid.side * self->grid.side;
    COP_TRY(cop_tensors_add(cop_work_bag(work), "copies", COP_F64,
                            cop_shape2(self->copies, LANDSCAPE_MEASURES), NULL, err));
    return cop_tensors_add(cop_work_bag(work), "surface", COP_F64,
                           cop_shape2(points, LANDSCAPE_MEASURES), NULL, err);
}

/* Puts the network that a step evaluates into self->point. */
static cop_status place(landscape *self, cop_work *work, int64_t i, cop_error *err)
{
    const cop_tensors *copy = NULL;
    double at[2];
    if (i < self->copies) {
        COP_TRY(copy_at(self, work, i, &copy, err));
        COP_TRY(cop_tensors_copy(self->point, copy, err));
    } else {
        COP_TRY(borrow_spans(self, work, err));
        landscape_grid_at(&self->grid, i - self->copies, at);
        landscape_place(&self->plane, cop_work_model(work), at, self->point);
    }
    return self->statistics != NULL ? cop_objective_reestimate(self->statistics, self->point, err)
                                    : COP_OK;
}

static cop_status step_landscape(void *state, cop_work *work, int64_t i, cop_error *err)
{
    landscape *self = state;
    cop_tensors *bag = cop_work_bag(work);
    double *row =
        i < self->copies
            ? cop_f64(cop_tensors_find(bag, "copies")) + LANDSCAPE_MEASURES * i
            : cop_f64(cop_tensors_find(bag, "surface")) + LANDSCAPE_MEASURES * (i - self->copies);
    cop_evaluation found = {COP_SIZED(cop_evaluation)};
    COP_TRY(place(self, work, i, err));
    COP_TRY(cop_objective_evaluate(self->loss, self->point, &found, err));
    row[LANDSCAPE_LOSS] = found.loss;
    row[LANDSCAPE_ERROR] = 1.0 - found.accuracy;
    cop_work_report(work, "loss %.3f", found.loss);
    return COP_OK;
}

static cop_status finish_landscape(void *state, cop_work *work, cop_error *err)
{
    landscape *self = state;
    landscape_copy *copies = calloc((size_t)self->copies, sizeof *copies);
    if (copies == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = borrow_spans(self, work, err);
    for (int64_t j = 0; status == COP_OK && j < self->copies; j++) {
        const cop_tensors *network = NULL;
        copies[j].number = number_of(self->o, j);
        status = copy_at(self, work, j, &network, err);
        if (status == COP_OK)
            landscape_project(&self->plane, cop_work_model(work), network, copies[j].at,
                              &copies[j].distance);
    }
    if (status == COP_OK)
        status = landscape_report(self->o, &self->grid, copies, self->copies, cop_work_bag(work),
                                  cop_work_tables(work), err);
    free(copies);
    return status;
}

static const cop_option option_table[] = {
    COP_OPT_ENUM(landscape_options, plane, "orthonormal", landscape_plane_names,
                 "Through copies 0, 1 and 2, in orthonormal coordinates; that of McDermott & "
                 "Cummings' code, from the middle of copies 0 and 1 along half of 0 - 1 and half "
                 "of 3 - 2, as they are; or random directions by filter normalisation"),
    COP_OPT_INT(landscape_options, grid, "0", 0, 1001,
                "Points along each side; 0: 21, or 51 for random directions", .unit = "points"),
    COP_OPT_FLOAT(landscape_options, margin, "0.2", 0, 10,
                  "Orthonormal: share of the triangle's extent that is shown beyond it, on each "
                  "side"),
    COP_OPT_FLOAT(landscape_options, radius, "0", 0, 1e6,
                  "Published, random: how far each axis is followed, to both sides; 0: 2 for "
                  "published, 1 for random"),
    COP_OPT_INT(landscape_options, copy, "0", 0, 1000, "Random: about which trained copy, from 0"),
    COP_OPT_ENUM(landscape_options, data, "test", data_names,
                 "Images that loss and error are over; distilled: the study's own set, decoded"),
    COP_OPT_FIRST_IMAGES(landscape_options, samples, "0", 100000000,
                         "Evaluate on the first N of these images"),
    COP_OPT_ENUM(landscape_options, statistics, "interpolate", statistics_names,
                 "Running statistics: the same sum of the copies' own as the weights are, or "
                 "re-estimated at every point and copy"),
    COP_OPT_FIRST_IMAGES(landscape_options, reestimate_size, "10000", 100000000,
                         "Re-estimate statistics on the first N training images"),
    COP_OPT_INT(landscape_options, batch, "256", 1, 65536, "Images a pass",
                .flags = COP_OPTION_ADVANCED, .unit = "images"),
};

COP_PLUGIN(
    ANALYZER, .id = "landscape", .version = "1.0.0", .results_version = "1",
    .summary = "Loss and error on a plane through trained copies, or along random directions",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "L. McDermott and D. Cummings, Linear Mode Connectivity in Sparse Neural Networks, "
                "2023; H. Li et al., Visualizing the Loss Landscape of Neural Nets, NeurIPS 2018",
    COP_OPTIONS(landscape_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_landscape,
                                 .destroy = destroy_landscape, .plan = landscape_plan,
                                 .begin = begin_landscape, .step = step_landscape,
                                 .finish = finish_landscape},
    .defaults = "random: 51 x 51 points of [-1, 1], as Li et al. show; published: [-2, 2], from "
                "which McDermott & Cummings' code draws 10,000 points at random; 21 x 21 points, "
                "the margin and test data are chosen here (theirs are training or distilled).",
    .departures =
        "Planes pass through copies 0, 1 and 2, and show where the others lie, unless "
        "plane = \"published\": the axes of McDermott & Cummings' code, which miss copies "
        "2 and 3, on a grid and not turned by 45 degrees as it draws them. Pruned "
        "weights stay zero, along random directions too; a filter that is all zero has "
        "no direction. A running variance that would be negative is 0; on the orthonormal plane "
        "none is less than the least of the copies'.");
