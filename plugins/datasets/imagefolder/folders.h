/* folders.h: which images there are: a folder for each class, and images in it. */
#ifndef IMAGEFOLDER_FOLDERS_H
#define IMAGEFOLDER_FOLDERS_H

#include <coppice/option.h>
#include <coppice/status.h>

/* A growing list of texts. All zeros: none. */
typedef struct name_list {
    char **items;
    size_t count, room;
} name_list;

void names_free(name_list *names);

/* Adds a copy of the first `length` bytes of a text. */
cop_status names_add(name_list *names, const char *text, size_t length, cop_error *err);

/* The classes: folders, and what they are called. Items of the same number belong together. */
typedef struct class_list {
    name_list folders, titles;
} class_list;

void classes_free(class_list *classes);

/* The classes, in order: as listed (`list` has items), as in a file of lines (`file` is not empty),
 * or the folders in `directory`, sorted by their bytes. A line is a folder's name, and behind a
 * blank what the class is called, if it has a name of its own. Empty lines count for nothing. */
cop_status classes_find(const char *directory, const cop_string_list *list, const char *file,
                        class_list *out, cop_error *err);

/* The images of a split. */
typedef struct sample_list {
    name_list paths;
    int32_t *labels; /* by path */
} sample_list;

void samples_free(sample_list *samples);

/* The images in the folder of each class, class by class, sorted by the bytes of their names: files
 * that end in .jpg, .jpeg or .png, in whatever case, and are not hidden. A class without images, or
 * without a folder, is refused. */
cop_status samples_find(const char *directory, const class_list *classes, sample_list *out,
                        cop_error *err);

/* Whether there is a directory of that name, and one with folders in it. */
bool is_directory(const char *path);
bool has_folders(const char *path);

#endif
