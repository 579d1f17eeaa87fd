/* labels.c: rows of labels, a distribution for each image. */
#include "given.h"

#include <math.h>

static cop_status take_class(const cop_task *task, const cop_tensor *t, int64_t image, float *row,
                             cop_error *err)
{
    double label = cop_tensor_value(t, image);
    int32_t classes = cop_task_classes(task);
    if (!(label >= 0.0 && label < (double)classes) || label != floor(label))
        return cop_fail(err, COP_FAILED, "image %lld has label %g, wanted 0 to %d",
                        (long long)image, label, (int)classes - 1);
    row[(int32_t)label] = 1.0f;
    return COP_OK;
}

static cop_status check_row(const cop_tensor *t, int64_t image, int64_t classes, bool is_hard,
                            cop_error *err)
{
    double sum = 0.0;
    for (int64_t k = 0; k < classes; k++) {
        double label = cop_tensor_value(t, image * classes + k);
        if (!(label >= 0.0 && label <= 1.0))
            return cop_fail(err, COP_FAILED,
                            "image %lld has a label of %g, wanted 0 to 1 (logits are stated: "
                            "label_kind)",
                            (long long)image, label);
        if (is_hard && label != 0.0 && label != 1.0)
            return cop_fail(err, COP_FAILED,
                            "the labels of image %lld are no one-hot row: %g is one of them",
                            (long long)image, label);
        sum += label;
    }
    if (!(fabs(sum - 1.0) <= 1e-4))
        return cop_fail(err, COP_FAILED, "the labels of image %lld sum to %g, wanted 1",
                        (long long)image, sum);
    return COP_OK;
}

/* exp(x − the largest) over their sum. */
static cop_status take_softmax(const cop_tensor *t, int64_t image, int64_t classes, float *row,
                               cop_error *err)
{
    double most = -(double)INFINITY, sum = 0.0;
    for (int64_t k = 0; k < classes; k++) {
        double logit = cop_tensor_value(t, image * classes + k);
        if (!isfinite(logit))
            return cop_fail(err, COP_FAILED, "image %lld has a logit of %g", (long long)image,
                            logit);
        most = fmax(most, logit);
    }
    for (int64_t k = 0; k < classes; k++)
        sum += exp(cop_tensor_value(t, image * classes + k) - most);
    for (int64_t k = 0; k < classes; k++)
        row[k] = (float)(exp(cop_tensor_value(t, image * classes + k) - most) / sum);
    return COP_OK;
}

static cop_status take_row(const options *o, const cop_tensor *t, int64_t image, int64_t classes,
                           float *row, cop_error *err)
{
    if (o->label_kind == LABELS_LOGITS)
        return take_softmax(t, image, classes, row, err);
    COP_TRY(check_row(t, image, classes, o->label_kind == LABELS_HARD, err));
    for (int64_t k = 0; k < classes; k++)
        row[k] = (float)cop_tensor_value(t, image * classes + k);
    return COP_OK;
}

cop_status given_labels(const options *o, const cop_task *task, const cop_tensor *labels,
                        given *out, cop_error *err)
{
    cop_shape s = labels->shape;
    int64_t classes = cop_task_classes(task);
    char text[96];
    bool is_list = s.rank == 1 || (s.rank == 2 && s.dim[1] == 1);
    if (!is_list && !(s.rank == 2 && s.dim[1] == classes))
        return cop_fail(err, COP_FAILED, "\"%s\" is %s, wanted [n] or [n, %d]", labels->name,
                        cop_shape_text(s, text, sizeof text), (int)classes);
    if (s.dim[0] != out->count)
        return cop_fail(err, COP_FAILED, "\"%s\" has labels of %lld images, and there are %lld",
                        labels->name, (long long)s.dim[0], (long long)out->count);
    if (is_list && (o->label_kind == LABELS_SOFT || o->label_kind == LABELS_LOGITS))
        return cop_fail(err, COP_INVALID,
                        "\"%s\" is a list of classes, and label_kind says that labels are soft",
                        labels->name);
    for (int64_t i = 0; i < out->count; i++) {
        float *row = out->labels + i * classes;
        COP_TRY(is_list ? take_class(task, labels, i, row, err)
                        : take_row(o, labels, i, classes, row, err));
    }
    return COP_OK;
}
