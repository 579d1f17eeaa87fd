/* recipe_text.h: a recipe as one line of text and back, exact to the last bit: for identities and
 * for the metadata of distilled sets. */
#ifndef COP_TRAIN_RECIPE_TEXT_H
#define COP_TRAIN_RECIPE_TEXT_H

#include "train/duration.h"
#include "train/recipe.h"

/* "name=idc duration=1000ep batch=64 lr=… milestones=… …". Returns `text`; 768 bytes always
 * suffice. */
const char *cop_recipe_text(const cop_recipe *r, char *text, size_t size);

/* Reads that text; false where it is anything else. */
bool cop_recipe_from_text(const char *text, cop_recipe *out);

#endif
