/* export_analysis.c: which of a ticket's analyses the command line means, and which have tensors
 * to be exported. */
#include "cli/export_analysis.h"

#include "core/text.h"
#include "store/artifact_files.h"

#include <string.h>

const char *cop_analysis_name(const cop_record_analysis *a, char *text, size_t size)
{
    bool has_label = a->label[0] != '\0';
    (void)snprintf(text, size, "%s%s%s%s", a->analyzer, has_label ? " (" : "", a->label,
                   has_label ? ")" : "");
    return text;
}

static bool is_meant(const cop_record_analysis *a, const char *name)
{
    char whole[COP_ANALYSIS_NAME_SIZE];
    return strcmp(a->analyzer, name) == 0 || (a->label[0] != '\0' && strcmp(a->label, name) == 0) ||
           strcmp(cop_analysis_name(a, whole, sizeof whole), name) == 0;
}

static bool has_tensors(const cop_results *r, const cop_record_analysis *a)
{
    bool listed = false;
    return cop_results_find(r, &a->id) != NULL &&
           cop_store_lists(r->store, &a->id, COP_TENSORS_FILE, &listed, NULL) == COP_OK && listed;
}

/* "hessian (exact)", "lmc": those that `name` means, or all of the ticket's (NULL). */
static void list_names(const cop_record_ticket *t, const char *name, cop_text *out)
{
    char one[COP_ANALYSIS_NAME_SIZE], shown[COP_ANALYSIS_NAME_SIZE];
    for (size_t i = 0; i < t->analysis_count; i++) {
        if (name == NULL || is_meant(&t->analyses[i], name))
            cop_text_printf(out, "%s\"%s\"", out->length > 0 ? ", " : "",
                            cop_escape(cop_analysis_name(&t->analyses[i], one, sizeof one), shown,
                                       sizeof shown));
    }
}

static cop_status refuse_name(const cop_record_ticket *t, const char *name, size_t meant,
                              cop_error *err)
{
    cop_text names = {0};
    char shown[200];
    list_names(t, meant > 0 ? name : NULL, &names);
    const char *list = names.failed || names.length == 0 ? "none" : names.data;
    (void)cop_escape(name, shown, sizeof shown);
    cop_status status =
        meant == 0
            ? cop_fail(err, COP_INVALID,
                       "round %lld has no analysis called \"%s\"; its analyses: %s",
                       (long long)t->round, shown, list)
            : cop_fail(err, COP_INVALID, "--analysis \"%s\" may be any of %s; choose one of these",
                       shown, list);
    cop_text_free(&names);
    return status;
}

cop_status cop_choose_analysis(const cop_results *r, const cop_record_ticket *t, const char *name,
                               int64_t *place, cop_error *err)
{
    char own[COP_ANALYSIS_NAME_SIZE], shown[COP_ANALYSIS_NAME_SIZE];
    size_t meant = 0;
    for (size_t i = 0; i < t->analysis_count; i++) {
        if (is_meant(&t->analyses[i], name)) {
            *place = (int64_t)i;
            meant++;
        }
    }
    if (meant != 1)
        return refuse_name(t, name, meant, err);
    const cop_record_analysis *a = &t->analyses[*place];
    (void)cop_escape(cop_analysis_name(a, own, sizeof own), shown, sizeof shown);
    if (cop_results_find(r, &a->id) == NULL)
        return cop_fail(err, COP_FAILED, "%s of round %lld is not there: run the study again",
                        shown, (long long)t->round);
    if (!has_tensors(r, a))
        return cop_fail(err, COP_INVALID,
                        "%s of round %lld has no tensors: what it found is all in the report's "
                        "tables",
                        shown, (long long)t->round);
    return COP_OK;
}

void cop_list_analyses(const cop_results *r, const cop_record_ticket *t, FILE *out)
{
    char name[COP_ANALYSIS_NAME_SIZE], shown[COP_ANALYSIS_NAME_SIZE];
    for (size_t i = 0; i < t->analysis_count; i++) {
        if (has_tensors(r, &t->analyses[i]))
            (void)fprintf(out, "    --analysis \"%s\"\n",
                          cop_escape(cop_analysis_name(&t->analyses[i], name, sizeof name), shown,
                                     sizeof shown));
    }
}
