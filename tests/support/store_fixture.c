#include "store_fixture.h"

#include "core/file.h"
#include "store/formats/safetensors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int open_store_fixture(void **state)
{
    store_fixture *f = calloc(1, sizeof *f);
    cop_error err = {0};
    assert_non_null(f);
    make_temp_dir(f->dir, sizeof f->dir);
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_ok(cop_artifact_name("train", "identity of the test", &f->id, &err), &err);
    *state = f;
    return 0;
}

int close_store_fixture(void **state)
{
    store_fixture *f = *state;
    cop_store_close(f->store);
    remove_tree(f->dir);
    free(f);
    return 0;
}

cop_tensors *some_tensors(void)
{
    cop_error err = {0};
    cop_tensor *a = NULL, *n = NULL;
    cop_tensors *set = cop_tensors_new();
    assert_non_null(set);
    assert_ok(cop_tensors_add(set, "a", COP_F32, cop_shape2(2, 3), &a, &err), &err);
    assert_ok(cop_tensors_add(set, "n", COP_I64, cop_shape1(1), &n, &err), &err);
    for (int i = 0; i < 6; i++)
        cop_f32(a)[i] = 1.0f / (float)(i + 3);
    cop_i64(n)[0] = INT64_C(1) << 60;
    return set;
}

void publish(store_fixture *f)
{
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[STORE_PATH];
    cop_tensors *set = some_tensors();
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    cop_draft_path(draft, "state.safetensors", path, sizeof path);
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    assert_false(store_has(f->store, &f->id));
    assert_ok(cop_draft_publish(draft, "identity of the test", 1.5, &err), &err);
    cop_tensors_free(set);
}

void write_bytes(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

cop_artifact_id name_of(const char *kind, const char *identity)
{
    cop_artifact_id id;
    cop_error err = {0};
    assert_ok(cop_artifact_name(kind, identity, &id, &err), &err);
    return id;
}

bool store_has(const cop_store *store, const cop_artifact_id *id)
{
    bool there = false;
    return cop_store_find(store, id, &there, NULL) == COP_OK && there;
}

cop_status publish_text(const store_fixture *f, const char *extra, const char *content,
                        cop_error *err)
{
    static const char *const state_file = "state";
    cop_draft *draft = NULL;
    COP_TRY(cop_draft_open(f->store, &f->id, &draft, err));
    for (int i = 0; i < (extra != NULL ? 2 : 1); i++) {
        char path[STORE_PATH];
        cop_draft_path(draft, i == 0 ? state_file : extra, path, sizeof path);
        cop_status status = cop_file_write(path, content, strlen(content), err);
        if (status != COP_OK) {
            cop_draft_abandon(draft);
            return status;
        }
    }
    return cop_draft_publish(draft, "identity of the test", 2.0, err);
}

void assert_content(const store_fixture *f, const char *file, const char *wanted)
{
    cop_error err = {0};
    char path[STORE_PATH], *text = NULL;
    assert_ok(cop_store_check_file(f->store, &f->id, file, &err), &err);
    cop_store_path(f->store, &f->id, file, path, sizeof path);
    assert_ok(cop_file_read(path, 100, &text, NULL, &err), &err);
    assert_string_equal(text, wanted);
    free(text);
}

void assert_no_leftovers(const store_fixture *f)
{
    static const char *const folders[] = {"work", "store"};
    for (size_t i = 0; i < 2; i++) {
        char path[STORE_PATH + 16];
        (void)snprintf(path, sizeof path, "%s/%s", f->dir, folders[i]);
        DIR *listing = opendir(path);
        assert_non_null(listing);
        for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
            if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0 &&
                strcmp(entry->d_name, "coppice-store") != 0 &&
                strncmp(entry->d_name, "train-", 6) != 0)
                fail_msg("left behind: %s", entry->d_name);
        }
        assert_int_equal(closedir(listing), 0);
    }
}
