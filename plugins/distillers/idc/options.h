/* options.h: the settings of IDC as the host fills them in, and what follows from them. */
#ifndef IDC_OPTIONS_H
#define IDC_OPTIONS_H

#include <coppice/plugin.h>

typedef enum idc_decode {
    IDC_DECODE_SINGLE = 0, /* every stored image by the factor alone */
    IDC_DECODE_MULTI = 1,  /* by every factor up to it */
    IDC_DECODE_BOUND = 2   /* the first ones by the largest factor, up to a bound of images */
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

/* The pixels' rate for this budget and size: lr · ipc/10 · (side/lr_side)². */
double idc_options_pixel_rate(const idc_options *o, const cop_task *task);

/* Whether gradients of parameters of this role are matched. */
bool idc_options_match(const idc_options *o, cop_role role);

/* The start that IDC_START_AUTO stands for. */
idc_start idc_options_start(const idc_options *o);

/* Training images that the finished set of a class decodes to. */
int64_t idc_options_decoded(const idc_options *o);

#endif
