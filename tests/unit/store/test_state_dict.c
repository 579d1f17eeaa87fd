/* test_state_dict.c: what a file of tensors must be to be a network's state, or a mask. */
#include "models.h"

#include "store/formats/safetensors.h"
#include "store/formats/state_dict.h"

#include <coppice/pruner.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct scene {
    char dir[200], path[300];
    test_model net;
} scene;

static const cop_task task = {.channels = 3, .height = 8, .width = 8, .classes = 3};

static int make_scene(void **state)
{
    static scene s;
    make_temp_dir(s.dir, sizeof s.dir);
    (void)snprintf(s.path, sizeof s.path, "%s/x.safetensors", s.dir);
    s.net = open_model("convnet", "depth=1 width=2", &task);
    *state = &s;
    return 0;
}

static int clear_scene(void **state)
{
    scene *s = *state;
    close_model(&s->net);
    remove_tree(s->dir);
    return 0;
}

static void set_value(const cop_tensor *t, int64_t k, double value)
{
    switch (t->dtype) {
    case COP_F32:
        cop_f32(t)[k] = (float)value;
        break;
    case COP_F64:
        cop_f64(t)[k] = value;
        break;
    case COP_U8:
        cop_u8(t)[k] = (uint8_t)value;
        break;
    case COP_I64:
        cop_i64(t)[k] = (int64_t)value;
        break;
    }
}

/* Writes a mask of that type that removes every third weight, with element 4 of the last tensor set
 * to `odd`, and a tensor that is none of the model's. */
static void write_mask(const scene *s, cop_dtype type, double odd)
{
    cop_error err = {0};
    cop_tensors *ones = NULL, *set = cop_tensors_new();
    assert_ok(cop_model_full_mask(s->net.model, &ones, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(ones); i++) {
        const cop_tensor *from = cop_tensors_at(ones, i);
        cop_tensor *to = NULL;
        assert_ok(cop_tensors_add(set, from->name, type, from->shape, &to, &err), &err);
        for (int64_t k = 0; k < cop_shape_count(from->shape); k++)
            set_value(to, k, k % 3 == 0 ? 0.0 : 1.0);
        if (i + 1 == cop_tensors_count(ones))
            set_value(to, 4, odd);
    }
    assert_ok(cop_tensors_add(set, "other", COP_F32, cop_shape1(2), NULL, &err), &err);
    assert_ok(cop_safetensors_write(s->path, set, NULL, 0, &err), &err);
    cop_tensors_free(set);
    cop_tensors_free(ones);
}

static void a_mask_of_any_type_is_taken_as_floats(void **state)
{
    const scene *s = *state;
    static const cop_dtype types[] = {COP_F32, COP_F64, COP_U8, COP_I64};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        cop_error err = {0};
        cop_tensors *mask = NULL;
        write_mask(s, types[i], 1.0);
        assert_ok(cop_state_dict_read_mask(s->path, s->net.model, NULL, &mask, &err), &err);
        int64_t kept = 0;
        for (size_t t = 0; t < cop_tensors_count(mask); t++) {
            const cop_tensor *m = cop_tensors_at(mask, t);
            assert_int_equal(m->dtype, COP_F32);
            for (int64_t k = 0; k < cop_shape_count(m->shape); k++) {
                assert_true(cop_f32(m)[k] == (k % 3 == 0 ? 0.0f : 1.0f));
                kept += k % 3 != 0;
            }
        }
        assert_null(cop_tensors_find(mask, "other"));
        assert_int_equal(cop_mask_count(mask), kept);
        cop_tensors_free(mask);
    }
}

static void a_mask_is_of_noughts_and_ones(void **state)
{
    const scene *s = *state;
    static const struct {
        cop_dtype type;
        double odd;
        const char *wanted;
    } cases[] = {{COP_F32, 0.5, "holds 0.5 (element 4); a mask is of 0 and 1"},
                 {COP_F64, 1.0 + 1e-12, "holds 1 (element 4); a mask is of 0 and 1"},
                 {COP_F64, -1.0, "holds -1 (element 4)"},
                 {COP_U8, 255.0, "holds 255 (element 4)"},
                 {COP_I64, 2.0, "holds 2 (element 4)"},
                 {COP_F32, NAN, "tensor 'classifier.weight' holds NaN (element 4)"},
                 {COP_F64, 1e300, "holds infinity (element 4)"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *mask = NULL;
        write_mask(s, cases[i].type, cases[i].odd);
        assert_refused(cop_state_dict_read_mask(s->path, s->net.model, NULL, &mask, &err),
                       COP_FAILED, &err, cases[i].wanted);
        assert_string_equal(err.file, s->path);
        assert_null(mask);
    }
}

static void a_state_is_all_that_the_model_declares(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    cop_tensors *initial = NULL, *read = NULL;
    assert_ok(cop_model_initial_state(s->net.model, 3, &initial, &err), &err);
    assert_ok(cop_safetensors_write(s->path, initial, NULL, 0, &err), &err);
    assert_ok(cop_state_dict_read(s->path, s->net.model, NULL, &read, &err), &err);
    assert_int_equal(cop_tensors_count(read), cop_tensors_count(initial));
    for (size_t i = 0; i < cop_tensors_count(read); i++) {
        const cop_tensor *a = cop_tensors_at(initial, i), *b = cop_tensors_at(read, i);
        assert_string_equal(a->name, b->name);
        assert_memory_equal(a->data, b->data, (size_t)cop_shape_count(a->shape) * sizeof(float));
    }
    cop_tensors_free(read);
    read = NULL;
    write_mask(s, COP_F32, 1.0);
    assert_refused(cop_state_dict_read(s->path, s->net.model, NULL, &read, &err), COP_FAILED, &err,
                   "lacks 4 of the model's 6 tensors: layers.conv.0.bias");
    assert_null(read);
    cop_tensors_free(initial);
}

static void a_weight_that_the_mask_removes_is_found(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    cop_tensors *initial = NULL, *mask = NULL;
    write_mask(s, COP_U8, 1.0);
    assert_ok(cop_state_dict_read_mask(s->path, s->net.model, NULL, &mask, &err), &err);
    assert_ok(cop_model_initial_state(s->net.model, 3, &initial, &err), &err);
    assert_refused(cop_state_dict_check_masked("w", initial, mask, &err), COP_FAILED, &err,
                   "(element 0), where the mask removes the weight");
    cop_mask_apply(mask, initial);
    assert_ok(cop_state_dict_check_masked("w", initial, mask, &err), &err);
    cop_f32(cop_tensors_find(initial, "classifier.weight"))[6] = -2.0f;
    assert_refused(cop_state_dict_check_masked("w", initial, mask, &err), COP_FAILED, &err,
                   "tensor 'classifier.weight' holds -2 (element 6)");
    cop_tensors_free(initial);
    cop_tensors_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mask_of_any_type_is_taken_as_floats),
        cmocka_unit_test(a_mask_is_of_noughts_and_ones),
        cmocka_unit_test(a_state_is_all_that_the_model_declares),
        cmocka_unit_test(a_weight_that_the_mask_removes_is_found),
    };
    return cmocka_run_group_tests_name("test_state_dict", tests, make_scene, clear_scene);
}
