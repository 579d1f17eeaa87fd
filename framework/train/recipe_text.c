/* recipe_text.c: recipes as text. */
#include "train/recipe_text.h"

#include "core/locale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cop_duration_text(cop_duration d, char *text, size_t size)
{
    const char *suffix = d.unit == COP_EPOCHS ? "ep" : d.unit == COP_STEPS ? "it" : "";
    (void)cop_snprintf(text, size, "%.17g%s", d.value, suffix);
    return text;
}

bool cop_duration_from_text(const char *text, cop_duration *out)
{
    char *end = NULL;
    out->value = cop_strtod(text, &end);
    if (end == text || !(out->value >= 0.0))
        return false;
    if (strcmp(end, "ep") == 0)
        out->unit = COP_EPOCHS;
    else if (strcmp(end, "it") == 0)
        out->unit = COP_STEPS;
    else
        out->unit = COP_FRACTION;
    return out->unit != COP_FRACTION || (*end == '\0' && out->value <= 1.0);
}

const char *cop_recipe_text(const cop_recipe *r, char *text, size_t size)
{
    char duration[40], augment[96];
    int used = cop_snprintf(
        text, size,
        "name=%s duration=%s batch=%lld lr=%.17g momentum=%.17g weight_decay=%.17g "
        "factor=%.17g augment=%s cutmix=%.17g milestones=%d",
        r->name, cop_duration_text(r->duration, duration, sizeof duration), (long long)r->batch,
        r->lr, r->momentum, r->weight_decay, r->milestone_factor,
        cop_augment_text(r->augment, augment, sizeof augment), r->cutmix, r->milestone_count);
    for (int i = 0; i < r->milestone_count && used > 0 && (size_t)used < size; i++)
        used += cop_snprintf(text + used, size - (size_t)used, " %s",
                             cop_duration_text(r->milestones[i], duration, sizeof duration));
    return text;
}

bool cop_recipe_from_text(const char *text, cop_recipe *out)
{
    char duration[40], augment[96];
    long long batch = 0;
    int used = 0, step = 0, milestones = 0;
    memset(out, 0, sizeof *out);
    locale_t before = cop_locale_enter();
    int read =
        sscanf(text,
               "name=%31s duration=%39s batch=%lld lr=%lf momentum=%lf weight_decay=%lf factor=%lf "
               "augment=%95s cutmix=%lf milestones=%d%n",
               out->name, duration, &batch, &out->lr, &out->momentum, &out->weight_decay,
               &out->milestone_factor, augment, &out->cutmix, &milestones, &used);
    cop_locale_leave(before);
    if (read != 10 || batch < 1 || milestones < 0 || milestones > COP_MAX_MILESTONES ||
        !cop_duration_from_text(duration, &out->duration) || out->duration.unit == COP_FRACTION ||
        cop_augment_parse(augment, &out->augment, NULL) != COP_OK)
        return false;
    out->batch = batch;
    const char *rest = text + used;
    for (; out->milestone_count < milestones; out->milestone_count++, rest += step) {
        if (sscanf(rest, " %39s%n", duration, &step) != 1 ||
            !cop_duration_from_text(duration, &out->milestones[out->milestone_count]))
            return false;
    }
    return *rest == '\0';
}
