/* augmentations.c: sets of augmentations as text. */
#include "train/recipe.h"

#include <stdio.h>
#include <string.h>

/* In the order of the canonical text, which is how the papers name their strategies. */
static const struct {
    const char *name;
    uint32_t flag;
    const char *summary;
} augmentations[] = {
    {"padcrop", COP_AUGMENT_PADCROP, "padding of 4, then a random crop of the original size"},
    {"resizedcrop", COP_AUGMENT_RESIZEDCROP, "a window of half to all of the area, at full size"},
    {"color", COP_AUGMENT_COLOR, "brightness, saturation and contrast"},
    {"crop", COP_AUGMENT_CROP, "a shift by up to 12.5 % of the side"},
    {"flip", COP_AUGMENT_FLIP, "left to right, with probability 1/2"},
    {"scale", COP_AUGMENT_SCALE, "height and width each by 1/1.2 to 1.2"},
    {"rotate", COP_AUGMENT_ROTATE, "by up to 15 degrees to either side"},
    {"cutout", COP_AUGMENT_CUTOUT, "a box of half the side is cut out"},
    {"jitter", COP_AUGMENT_JITTER, "brightness, saturation and contrast of ImageNet: 0.6 to 1.4"},
    {"lighting", COP_AUGMENT_LIGHTING, "a little more or less of ImageNet's main colours"},
};
static const size_t augmentation_count = sizeof augmentations / sizeof augmentations[0];

static cop_status refuse_unknown(const char *word, size_t length, const char *text, cop_error *err)
{
    char known[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < augmentation_count && used < sizeof known; i++) {
        int more = snprintf(known + used, sizeof known - used, "%s, ", augmentations[i].name);
        used += more > 0 ? (size_t)more : 0;
    }
    return cop_fail(err, COP_INVALID,
                    "unknown augmentation \"%.*s\" in \"%.64s\"; known: %sjoined by _, or none",
                    (int)(length < 64 ? length : 64), word, text, known);
}

/* The flag whose name is the first `length` characters of `word`, or 0. */
static uint32_t flag_named(const char *word, size_t length)
{
    for (size_t i = 0; i < augmentation_count; i++)
        if (strlen(augmentations[i].name) == length &&
            memcmp(augmentations[i].name, word, length) == 0)
            return augmentations[i].flag;
    return 0;
}

cop_status cop_augment_parse(const char *text, uint32_t *flags, cop_error *err)
{
    uint32_t all = 0;
    if (strcmp(text, "none") != 0) {
        const char *word = text;
        for (;;) {
            size_t length = strcspn(word, "_");
            uint32_t flag = flag_named(word, length);
            if (flag == 0)
                return refuse_unknown(word, length, text, err);
            if ((all & flag) != 0)
                return cop_fail(err, COP_INVALID,
                                "augmentation \"%.*s\" is named twice in \"%.64s\"", (int)length,
                                word, text);
            all |= flag;
            if (word[length] == '\0')
                break;
            word += length + 1;
        }
    }
    *flags = all;
    return COP_OK;
}

const char *cop_augment_text(uint32_t flags, char *text, size_t size)
{
    (void)snprintf(text, size, flags == COP_AUGMENT_DEFAULT ? "default" : "none");
    size_t used = 0;
    for (size_t i = 0; i < augmentation_count && used < size; i++)
        if ((flags & augmentations[i].flag) != 0) {
            int length = snprintf(text + used, size - used, "%s%s", used > 0 ? "_" : "",
                                  augmentations[i].name);
            used += length > 0 ? (size_t)length : 0;
        }
    return text;
}

const char *cop_augment_name(size_t i)
{
    return i < augmentation_count ? augmentations[i].name : NULL;
}

const char *cop_augment_summary(size_t i)
{
    return i < augmentation_count ? augmentations[i].summary : NULL;
}
