/* Tests of figures that gnuplot stumbled over: it is asked to draw them, where there is one. */
#include "support.h"

#include "core/file.h"
#include "report/figures/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes a figure and has it drawn; without gnuplot its script is still there to be looked at. */
static char *draw(const cop_figure *f, char *dir, size_t size)
{
    char path[512], *script = NULL;
    cop_error err = {0};
    make_temp_dir(dir, size);
    assert_ok(cop_figure_write(f, dir, &err), &err);
    if (cop_gnuplot(dir, f->name, COP_PICTURE_SVG, &err) != COP_OK && err.status != COP_UNAVAILABLE)
        fail_msg("%s", err.message);
    (void)snprintf(path, sizeof path, "%s/%s.gp", dir, f->name);
    assert_ok(cop_file_read(path, 1u << 20, &script, NULL, &err), &err);
    return script;
}

static void an_empty_panel_is_drawn_under_logarithmic_axes(void **state)
{
    (void)state;
    static const cop_figure_kind kinds[] = {COP_FIGURE_HISTOGRAM, COP_FIGURE_LINES};
    for (size_t i = 0; i < 2; i++) {
        char dir[256];
        cop_point points[] = {{.x = 1.0, .y = 4.0}, {.x = 2.0, .y = 9.0}};
        cop_curve curve = {.label = "some", .points = points, .count = 2};
        cop_panel panels[] = {{.title = "full", .curves = &curve, .curve_count = 1},
                              {.title = "empty"}};
        const cop_figure f = {.name = "bins",
                              .title = "Bins",
                              .kind = kinds[i],
                              .log_x = i == 1,
                              .log_y = true,
                              .panels = panels,
                              .panel_count = 2};
        free(draw(&f, dir, sizeof dir));
        remove_tree(dir);
    }
}

/* The file has fractions, as every file; the picture has percent. */
static void shares_are_fractions_in_the_data_and_percent_in_the_picture(void **state)
{
    (void)state;
    char dir[256], path[512], *data = NULL;
    cop_error err = {0};
    cop_point points[] = {{.x = 0.25, .y = 0.5, .low = 0.25, .high = 0.75},
                          {.x = 0.5, .y = 0.75, .low = 0.5, .high = 1.0}};
    cop_curve curve = {.label = "one", .points = points, .count = 2, .y_scale = 100.0};
    cop_panel panel = {.curves = &curve, .curve_count = 1};
    cop_figure f = {.name = "shares",
                    .title = "Shares",
                    .kind = COP_FIGURE_LINES,
                    .x_label = "sparsity (%)",
                    .y_label = "accuracy (%)",
                    .x_scale = 100.0,
                    .error_bars = true,
                    .panels = &panel,
                    .panel_count = 1};
    char *script = draw(&f, dir, sizeof dir);
    assert_non_null(strstr(script, "using ($1*100+0):($2*100):($3*100):($4*100) with"));
    (void)snprintf(path, sizeof path, "%s/shares.csv", dir);
    assert_ok(cop_file_read(path, 1u << 20, &data, NULL, &err), &err);
    assert_non_null(strstr(data, "\n0.25,0.5,0.25,0.75,,one\n"));
    free(data);
    free(script);
    remove_tree(dir);
    f.error_bars = false;
    f.remaining = true;
    script = draw(&f, dir, sizeof dir);
    assert_non_null(strstr(script, "using ($1*100):($2*100) with"));
    assert_non_null(strstr(script, "set xrange [110:22.7273]"));
    free(script);
    remove_tree(dir);
}

static void percent_signs_along_an_axis_are_text(void **state)
{
    (void)state;
    static const char *const names[] = {"50 % of it", "100%d"};
    char dir[256];
    cop_point points[] = {{.x = 0.0, .y = 4.0}, {.x = 1.0, .y = 9.0}};
    cop_curve curve = {.label = "50 %", .points = points, .count = 2};
    cop_panel panel = {.title = "5 %s", .curves = &curve, .curve_count = 1};
    const cop_figure f = {.name = "points",
                          .title = "In %",
                          .kind = COP_FIGURE_POINTS,
                          .x_label = "%s of %",
                          .x_names = names,
                          .x_name_count = 2,
                          .panels = &panel,
                          .panel_count = 1};
    char *script = draw(&f, dir, sizeof dir);
    assert_non_null(strstr(script, "'50 %% of it' 0, '100%%d' 1"));
    assert_non_null(strstr(script, "title '50 %'"));
    assert_non_null(strstr(script, "set xlabel '%s of %'"));
    free(script);
    remove_tree(dir);
}

static void long_labels_are_shortened_and_stay_distinct(void **state)
{
    (void)state;
    char dir[256], labels[3][200], *script = NULL;
    cop_point point = {.x = 1.0, .y = 4.0};
    cop_curve curves[3];
    for (int i = 0; i < 3; i++) {
        memset(labels[i], 'x', sizeof labels[i]);
        labels[i][sizeof labels[i] - 1] = '\0';
        labels[i][i == 0 ? 0 : 100] = (char)('a' + i);
        curves[i] = (cop_curve){.label = labels[i], .points = &point, .count = 1};
    }
    cop_panel panel = {.curves = curves, .curve_count = 3};
    const cop_figure f = {.name = "lines",
                          .title = "Lines",
                          .kind = COP_FIGURE_LINES,
                          .panels = &panel,
                          .panel_count = 1};
    script = draw(&f, dir, sizeof dir);
    assert_non_null(strstr(script, "title 'axxxxxxxxxxxxxxxxxxx\xe2\x80\xa6xxxxxxxxxxxxxxxxxxx'"));
    assert_non_null(strstr(script, "title 'xxxxxxxxxxxxxxxxxxxx\xe2\x80\xa6xxxxxxxxxxxxxxxxxxx'"));
    assert_non_null(strstr(script, "xxxx (3)'"));
    free(script);
    remove_tree(dir);
}

static void write_program(const char *path, const char *text)
{
    cop_error err = {0};
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
    assert_int_equal(chmod(path, 0755), 0);
}

/* A program of that name in the directory of the figures is nobody's gnuplot. */
static void only_absolute_directories_are_searched_for_gnuplot(void **state)
{
    (void)state;
    static const char *const paths[] = {".", "", ".:", ":", "bin:."};
    char dir[256], program[512], mark[512], *kept = strdup(getenv("PATH"));
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(program, sizeof program, "%s/gnuplot", dir);
    (void)snprintf(mark, sizeof mark, "%s/ran", dir);
    write_program(program, "#!/bin/sh\n: >ran\n");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(setenv("PATH", paths[i], 1), 0);
        cop_status status = cop_gnuplot(dir, "x", COP_PICTURE_PDF, &err);
        assert_int_equal(setenv("PATH", kept, 1), 0);
        assert_refused(status, COP_UNAVAILABLE, &err, "gnuplot-nox");
        assert_int_not_equal(access(mark, F_OK), 0);
    }
    /* An absolute one is. */
    assert_int_equal(setenv("PATH", dir, 1), 0);
    cop_status status = cop_gnuplot(dir, "x", COP_PICTURE_PDF, &err);
    assert_int_equal(setenv("PATH", kept, 1), 0);
    assert_refused(status, COP_FAILED, &err, "gave no picture");
    assert_int_equal(access(mark, F_OK), 0);
    free(kept);
    remove_tree(dir);
}

static void pictures_are_not_written_through_links(void **state)
{
    (void)state;
    char dir[256], path[512], other[512], *text = NULL, *kept = strdup(getenv("PATH"));
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/gnuplot", dir);
    write_program(path, "#!/bin/sh\nprintf '%%PDF-1.5 and a picture'\n");
    (void)snprintf(other, sizeof other, "%s/precious", dir);
    (void)snprintf(path, sizeof path, "%s/x.pdf", dir);
    for (int hard = 0; hard <= 1; hard++) {
        assert_ok(cop_file_write(other, "precious", 8, &err), &err);
        assert_int_equal(hard == 1 ? link(other, path) : symlink(other, path), 0);
        char with[1024];
        (void)snprintf(with, sizeof with, "%s:%s", dir, kept);
        assert_int_equal(setenv("PATH", with, 1), 0);
        assert_ok(cop_gnuplot(dir, "x", COP_PICTURE_PDF, &err), &err);
        assert_int_equal(setenv("PATH", kept, 1), 0);
        assert_ok(cop_file_read(other, 100, &text, NULL, &err), &err);
        assert_string_equal(text, "precious");
        free(text);
        assert_int_equal(unlink(path), 0);
    }
    free(kept);
    remove_tree(dir);
}

/* A bowl on a 4 x 3 grid, over the distances that `far` stretches; one corner is no number. */
static void fill_bowl(cop_point points[12], double far)
{
    for (int i = 0; i < 12; i++) {
        double x = i % 4, y = i / 4;
        points[i] = (cop_point){.x = x, .y = y, .value = 1.0 + far * ((x - 1) * (x - 1) + y * y)};
    }
    points[11].value = (double)NAN;
}

static void heat_maps_have_contours_marks_and_one_scale(void **state)
{
    (void)state;
    char dir[256], path[512], *data = NULL;
    cop_error err = {0};
    cop_point near[12], far[12], marks[] = {{.x = 0.5, .y = 1.0}, {.x = 3.0, .y = 0.0}};
    fill_bowl(near, 0.5);
    fill_bowl(far, 20.0);
    cop_curve curves[] = {{.points = near, .count = 12}, {.points = far, .count = 12}};
    cop_panel panels[] = {
        {.title = "near", .curves = &curves[0], .curve_count = 1, .marks = marks, .mark_count = 2},
        {.title = "none"},
        {.title = "far", .curves = &curves[1], .curve_count = 1}};
    const cop_figure f = {.name = "map",
                          .title = "Map",
                          .kind = COP_FIGURE_HEATMAP,
                          .x_label = "x",
                          .y_label = "y",
                          .value_label = "loss",
                          .equal_axes = true,
                          .panels = panels,
                          .panel_count = 3};
    char *script = draw(&f, dir, sizeof dir);
    /* From 1 to 1 + 20 * 5: two decades. */
    assert_non_null(strstr(script, "set logscale cb\nset cbrange [1:101]\n"));
    assert_non_null(strstr(script, "set size ratio -1\n"));
    assert_non_null(strstr(script, "$marks << END\n0.5,1,0\n3,0,1\nEND\n"));
    assert_non_null(strstr(script, "plot 'map.csv' skip 1 index 0 using 1:2:3 with image"));
    assert_non_null(strstr(script, "plot 'map.csv' skip 1 index 1 using 1:2:3 with image"));
    assert_null(strstr(script, "index 2"));
    (void)snprintf(path, sizeof path, "%s/map.csv", dir);
    assert_ok(cop_file_read(path, 1u << 20, &data, NULL, &err), &err);
    assert_non_null(strstr(data, "3,0,3,near,\n\n0,1,2,near,\n")); /* a row, and the next */
    assert_non_null(strstr(data, "3,2,NaN,near,\n\n\n0,0,21,far,\n"));
    free(data);
    free(script);
    remove_tree(dir);
}

/* Where values are alike, their scale is as it is. */
static void a_flat_map_has_a_linear_scale_or_none(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        char dir[256];
        cop_point points[12];
        fill_bowl(points, i == 0 ? 0.5 : 0.0);
        cop_curve curve = {.points = points, .count = 12};
        cop_panel panel = {.curves = &curve, .curve_count = 1};
        const cop_figure f = {.name = "map",
                              .title = "Map",
                              .kind = COP_FIGURE_HEATMAP,
                              .x_label = "x",
                              .y_label = "y",
                              .panels = &panel,
                              .panel_count = 1};
        char *script = draw(&f, dir, sizeof dir);
        assert_null(strstr(script, "logscale cb"));
        assert_int_equal(strstr(script, "set cbrange [1:3.5]") != NULL, i == 0);
        free(script);
        remove_tree(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_panel_is_drawn_under_logarithmic_axes),
        cmocka_unit_test(shares_are_fractions_in_the_data_and_percent_in_the_picture),
        cmocka_unit_test(percent_signs_along_an_axis_are_text),
        cmocka_unit_test(long_labels_are_shortened_and_stay_distinct),
        cmocka_unit_test(only_absolute_directories_are_searched_for_gnuplot),
        cmocka_unit_test(pictures_are_not_written_through_links),
        cmocka_unit_test(heat_maps_have_contours_marks_and_one_scale),
        cmocka_unit_test(a_flat_map_has_a_linear_scale_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
