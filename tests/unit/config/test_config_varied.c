/* test_config_varied.c: the settings in which the cells of a config differ. */
#include "support.h"

#include "config/varied.h"
#include "config_text.h"
#include "core/text.h"

#include <string.h>

/* A row per setting, "path: value | value". */
static void assert_varied(const char *more, const char *wanted)
{
    cop_text text = {0}, found = {0};
    cop_config *c = NULL;
    cop_varied_settings varied;
    cop_error err = {0};
    cop_arena *arena = cop_arena_new();
    cop_text_printf(&text, "%s\n%s", BASE, more);
    assert_ok(load_text(text.data, NULL, &c, &err), &err);
    assert_ok(cop_config_varied(c, arena, &varied, &err), &err);
    cop_text_append(&found, "");
    for (size_t i = 0; i < varied.count; i++) {
        cop_text_printf(&found, "%s:", varied.rows[i].path);
        for (size_t k = 0; k < c->cell_count; k++) {
            const char *value = varied.rows[i].values[k];
            cop_text_printf(&found, "%s %s", k > 0 ? " |" : "", value != NULL ? value : "-");
        }
        cop_text_append(&found, "\n");
    }
    assert_string_equal(found.data, wanted);
    cop_arena_free(arena);
    cop_config_free(c);
    cop_text_free(&text);
    cop_text_free(&found);
}

static void tells_the_settings_that_differ(void **state)
{
    (void)state;
    assert_varied("", "");
    assert_varied("sweep = ( { path = \"train.lr\"; values = [0.5]; } );", "");
    assert_varied("sweep = ( { path = \"train.lr\"; values = (0.5, 1); } );",
                  "train.lr: 0.5 | 1\n");
    /* one that is said, and is the default all the same, differs in nothing */
    assert_varied(
        "sweep = ( { path = \"study.copies\"; values = [2, 3]; }, { path = \"\"; values = "
        "( { }, { study = { threads = 2; }; } ); labels = [\"a\", \"b\"]; } );",
        "study.copies: 2 | 2 | 3 | 3\n");
    assert_varied("sweep = ( { path = \"ticket.phases.[0].rounds\"; values = [1, 4]; }, { path = "
                  "\"seeds.init\"; values = [-1, 7]; } );",
                  "seeds.init: -1 | 7 | -1 | 7\nticket.phases.[0].rounds: 1 | 1 | 4 | 4\n");
    assert_varied("sweep = ( { path = \"ticket.controls\"; values = ( [], [\"reinit\"] ); } );",
                  "ticket.controls: () | (\"reinit\")\n");
}

/* Options that come and go with their plugin are no news. */
static void leaves_out_what_follows_from_another_plugin(void **state)
{
    (void)state;
    assert_varied("sweep = ( { path = \"ticket.phases.[0].pruner\"; values = ( { plugin = "
                  "\"toypruner\"; rate = 0.5; }, { plugin = \"hangs\"; } ); } );",
                  "ticket.phases.[0].pruner.plugin: toypruner | hangs\n");
    assert_varied(
        "sweep = ( { path = \"ticket.phases.[0].pruner\"; values = ( { plugin = "
        "\"toypruner\"; rate = 0.5; }, { plugin = \"hangs\"; }, { plugin = \"toypruner\"; "
        "rate = 0.25; } ); } );",
        "ticket.phases.[0].pruner.plugin: toypruner | hangs | toypruner\n"
        "ticket.phases.[0].pruner.rate: 0.5 | - | 0.25\n");
    assert_varied("sweep = ( { path = \"ticket.phases\"; values = ( ( ), ( { pruner = { plugin = "
                  "\"toypruner\"; }; } ) ); labels = [\"none\", \"one\"]; } );",
                  "ticket.phases.[0].pruner.plugin: - | toypruner\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_settings_that_differ),
        cmocka_unit_test(leaves_out_what_follows_from_another_plugin),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}
