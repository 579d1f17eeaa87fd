/* why_made.c: an artifact's manifest, in words. */
#include "cli/status.h"
#include "cli/why.h"

#include "core/text.h"
#include "report/data/shown.h"
#include "store/artifact.h"
#include "store/artifact_files.h"
#include "store/stage_log.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The local time of a file, as far as it is known. */
static const char *time_of(const char *path, char *text, size_t size)
{
    struct stat info;
    struct tm parts;
    (void)snprintf(text, size, "at an unknown time");
    if (stat(path, &info) == 0 && localtime_r(&info.st_mtim.tv_sec, &parts) != NULL)
        (void)strftime(text, size, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

static void print_lines(const char *head, const char *text, FILE *out)
{
    while (*text != '\0') {
        char line[COP_WHY_LINE], shown[COP_WHY_LINE];
        size_t length = strcspn(text, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : 599), text);
        (void)fprintf(out, "  %s %s\n", head, cop_escape(line, shown, sizeof shown));
        text += length + (text[length] == '\n');
    }
}

static cop_status print_manifest(const cop_store *store, const cop_artifact_id *id, FILE *out,
                                 cop_error *err)
{
    char provenance[1024], plugins[COP_MAKERS_SIZE], path[COP_PATH_SIZE], shown[COP_PATH_SIZE];
    char when[64], took[64];
    double seconds = 0.0;
    COP_TRY(cop_store_cost(store, id, &seconds, provenance, sizeof provenance, err));
    COP_TRY(cop_store_made_by(store, id, plugins, sizeof plugins, err));
    cop_store_path(store, id, COP_MANIFEST_FILE, path, sizeof path);
    (void)fprintf(out, "  published %s, computed in %s\n", time_of(path, when, sizeof when),
                  cop_display_duration(seconds, took, sizeof took));
    cop_store_path(store, id, "", path, sizeof path);
    (void)fprintf(out, "  in %s\n", cop_escape(path, shown, sizeof shown));
    print_lines("by", provenance, out);
    print_lines("by", plugins, out);
    return COP_OK;
}

/* What is known of one that is not published. */
static void print_state(const cop_seen_stage *stage, FILE *out)
{
    char held[1024], text[64];
    const cop_stage_look *look = &stage->study->looks[stage->at];
    (void)fprintf(out, "  not published: %s", cop_stage_state_name(look->state));
    if (look->reason != NULL)
        (void)fprintf(out, ": %s", look->reason);
    if (look->state == COP_STATE_RUNNING)
        (void)fprintf(out, ", %s", cop_standing_holder(&stage->study->held, held, sizeof held));
    if (look->is_saved && look->saved_step >= 0)
        (void)fprintf(out, "; saved at step %lld, after %s", (long long)look->saved_step,
                      cop_display_duration(look->saved_seconds, text, sizeof text));
    (void)fputs("\n", out);
    if (look->damage != NULL)
        (void)fprintf(out, "  what stands in its place is damaged: %s\n", look->damage);
}

/* What was said while it was computed, where that is kept. */
static void print_log(const cop_seen *seen, const cop_artifact_id *id, FILE *out)
{
    char path[COP_PATH_SIZE], shown[COP_PATH_SIZE];
    if (cop_stage_log_path(seen->dir, id, path, sizeof path, NULL) == COP_OK &&
        access(path, R_OK) == 0)
        (void)fprintf(out, "  log: %s\n", cop_escape(path, shown, sizeof shown));
}

cop_status cop_why_made(const cop_seen *seen, const cop_seen_stage *stage, FILE *out,
                        cop_error *err)
{
    cop_store *store = NULL;
    if (stage->study->looks[stage->at].state != COP_STATE_DONE) {
        print_state(stage, out);
        print_log(seen, &cop_seen_record(stage)->id, out);
        return COP_OK;
    }
    COP_TRY(cop_store_open_to_read(seen->dir, &store, err));
    cop_status status = print_manifest(store, &cop_seen_record(stage)->id, out, err);
    print_log(seen, &cop_seen_record(stage)->id, out);
    cop_store_close(store);
    return status;
}
