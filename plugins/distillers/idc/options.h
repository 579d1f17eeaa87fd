/* options.h: the settings of IDC as the host fills them in, and what follows from them. */
#ifndef IDC_OPTIONS_H
#define IDC_OPTIONS_H

#include <coppice/distil.h>
#include <coppice/plugin.h>

/* As the option table lists them. */
typedef enum idc_decode {
    IDC_DECODE_SINGLE = 0,
    IDC_DECODE_MULTI = 1,
    IDC_DECODE_BOUND = 2
} idc_decode;

typedef enum idc_start {
    IDC_START_AUTO = 0, /* mix where there are tiles, else random */
    IDC_START_RANDOM = 1,
    IDC_START_MIX = 2,
    IDC_START_NOISE = 3
} idc_start;

typedef enum idc_metric {
    IDC_METRIC_MSE = 0,
    IDC_METRIC_L1 = 1,
    IDC_METRIC_L1_MEAN = 2,
    IDC_METRIC_L2 = 3,
    IDC_METRIC_COS = 4
} idc_metric;

typedef struct idc_options {
    /* the set */
    int64_t ipc, factor;
    int32_t decode; /* idc_decode */
    int32_t start;  /* idc_start */
    const cop_recipe *recipe;

    /* matching */
    const cop_model *model;
    int64_t iterations, inner;
    int32_t metric; /* idc_metric */
    bool match_biases, match_norms, match_classifier;
    int64_t batch_real, batch_synthetic;
    uint32_t augment;
    double lr, momentum;
    int64_t lr_side;

    /* the network between matches */
    int64_t net_images, net_batch, pretrain;
    double net_lr, net_momentum, net_weight_decay, net_cutmix;
    uint32_t net_augment;
} idc_options;

enum { IDC_OPTION_COUNT = 26 };
extern const cop_option idc_option_table[IDC_OPTION_COUNT];

/* What the table's ranges cannot say; COP_INVALID. */
cop_status idc_options_check(const idc_options *o, const cop_task *task, cop_error *err);

/* COP_INVALID where the class has too few real images, `count`, to start from. */
cop_status idc_options_check_class(const idc_options *o, int32_t label, int64_t count,
                                   cop_error *err);

/* Steps of one outer iteration, those of pretraining first. */
typedef struct idc_rhythm {
    int64_t pretrain_batches; /* in all */
    int64_t piece;            /* batches of a pretraining step */
    int64_t pretrain_steps;
    int64_t steps; /* pretrain_steps + inner */
} idc_rhythm;

/* For `samples` training samples. */
idc_rhythm idc_rhythm_of(const idc_options *o, int64_t samples);

/* The pixels' rate for this budget and size: lr · ipc/10 · (side/lr_side)². */
double idc_options_pixel_rate(const idc_options *o, const cop_task *task);

/* What the options mean to a match: which parameters' gradients, which distance, which decoding. */
uint32_t idc_options_roles(const idc_options *o);
cop_distance idc_options_distance(const idc_options *o);
cop_decode idc_options_decode(const idc_options *o);

/* The start that IDC_START_AUTO stands for. */
idc_start idc_options_start(const idc_options *o);

/* Training images that the finished set of a class decodes to. */
int64_t idc_options_decoded(const idc_options *o);

#endif
