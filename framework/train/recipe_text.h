/* recipe_text.h: a recipe as one line of text and back, exact to the last bit: for identities and
 * for the metadata of distilled sets. */
#ifndef COP_TRAIN_RECIPE_TEXT_H
#define COP_TRAIN_RECIPE_TEXT_H

#include "train/duration.h"
#include "train/recipe.h"

/* Room for the text of any recipe. */
#define COP_RECIPE_TEXT_SIZE 1024

/* "name=idc duration=1000ep batch=64 lr=… milestones=… …". Returns `text`; COP_RECIPE_TEXT_SIZE
 * bytes always suffice. */
const char *cop_recipe_text(const cop_recipe *r, char *text, size_t size);

/* Reads that text; false where it is anything else. */
bool cop_recipe_from_text(const char *text, cop_recipe *out);

/* Whether the recipe's value of the field is the field's default, which recipes of before the field
 * mean: texts leave it out. False for a field without one. */
bool cop_recipe_has_default(const cop_recipe_field *field, const cop_recipe *r);

/* Gives the recipe the field's default, if it has one. */
void cop_recipe_set_default(const cop_recipe_field *field, cop_recipe *r);

#endif
