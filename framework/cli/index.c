/* index.c: `coppice index`: a database of results, and what it answers. */
#include "report/database/index.h"

#include "cli/command.h"
#include "core/path.h"
#include "core/text.h"
#include "store/artifact_files.h"

#include <string.h>
#include <sys/stat.h>

#define MEGABYTE 1e6

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* Where the database goes. */
static cop_status choose_path(const cop_call *call, char *path, size_t size, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    if (a->to != NULL && a->to[0] == '\0')
        return cop_fail(err, COP_INVALID, "option '--to' is empty, wanted a file");
    if (a->to != NULL && strlen(a->to) >= size)
        return cop_fail(err, COP_INVALID, "option '--to' is too long a path");
    if (a->to != NULL) {
        (void)snprintf(path, size, "%s", a->to);
        return COP_OK;
    }
    if (a->word_count > 1)
        return cop_fail(err, COP_INVALID,
                        "of several directories there is one database: say where, --to FILE");
    return cop_path_join(path, size, err, a->words[0], COP_DATABASE_FILE);
}

static cop_status save(const cop_call *call, cop_database *db, const cop_indexed *indexed,
                       cop_error *err)
{
    char path[COP_PATH_SIZE], shown[COP_PATH_SIZE];
    int64_t bytes = 0;
    COP_TRY(choose_path(call, path, sizeof path, err));
    COP_TRY(cop_database_save(db, path, &bytes, err));
    if (call->arguments->query == NULL)
        (void)fprintf(call->out, "%s: %zu %s, %zu stages, %zu tickets, %.2f MB\n",
                      cop_escape(path, shown, sizeof shown), indexed->studies,
                      indexed->studies == 1 ? "study" : "studies", indexed->stages,
                      indexed->tickets, (double)bytes / MEGABYTE);
    return COP_OK;
}

/* What the database lacks, all else being done. */
static cop_status lacking(const cop_indexed *indexed, cop_error *err)
{
    if (indexed->damaged == 0)
        return COP_OK;
    *err = indexed->first_damage;
    err->status = COP_FAILED;
    if (indexed->damaged == 1)
        return cop_fail_within(err, "the database lacks a damaged artifact");
    return cop_fail_within(err, "the database lacks %zu damaged artifacts; the first",
                           indexed->damaged);
}

/* A query alone leaves no file. */
static cop_status index_directories(const cop_call *call, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    char path[COP_PATH_SIZE];
    cop_database *db = NULL;
    cop_indexed indexed;
    bool is_saved = a->to != NULL || a->query == NULL;
    if (is_saved)
        COP_TRY(choose_path(call, path, sizeof path, err)); /* usage comes before work */
    COP_TRY(cop_index_make(a->words, a->word_count, call->log, &db, &indexed, err));
    cop_status status = is_saved ? save(call, db, &indexed, err) : COP_OK;
    if (status == COP_OK && a->query != NULL)
        status = cop_database_print(db, a->query, call->out, err);
    cop_database_free(db);
    return status == COP_OK ? lacking(&indexed, err) : status;
}

static cop_status ask_file(const cop_call *call, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    cop_database *db = NULL;
    if (a->query == NULL || a->to != NULL || a->word_count > 1)
        return cop_fail_at(err, COP_INVALID, a->words[0], 0,
                           "is a file: wanted output directories, or one database and --query");
    COP_TRY(cop_database_open(a->words[0], &db, err));
    cop_status status = cop_database_print(db, a->query, call->out, err);
    cop_database_free(db);
    return status;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    return is_file(call->arguments->words[0]) ? ask_file(call, err) : index_directories(call, err);
}

static const char *const options[] = {"to", "query", "quiet", NULL};

const cop_subcommand cop_index_command = {
    .name = "index",
    .words = "DIR...",
    .least_words = 1,
    .most_words = COP_MOST_WORDS,
    .summary = "make one SQLite database of the results of output directories",
    .details =
        "DIR are output directories of runs, finished or not, each with one study or several. The\n"
        "database goes to DIR/" COP_DATABASE_FILE
        ", or where --to says. It is written as a whole: until\n"
        "then the old one stays, and where a study cannot be read it stays for good. Damaged\n"
        "artifacts are left out, with a warning and exit status 1.\n"
        "With --query, what the database answers is printed as CSV: one SELECT, or the name of a\n"
        "table or view. Then no file is written unless --to says where, and instead of "
        "directories\n"
        "a database may be named. Its tables and views explain themselves:\n"
        "  coppice index DIR --query 'SELECT name, sql FROM sqlite_schema'\n"
        "  coppice index DIR --query best_cells\n"
        "  coppice index DIR --query \"SELECT cell, sparsity, mean, std FROM summary\n"
        "                             WHERE measure = 'test_accuracy'\"",
    .options = options,
    .run = run};
