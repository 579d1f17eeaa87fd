/* findings.c: findings as lines of JSON, and as people read them. */
#include "validate/findings.h"

#include "core/json.h"
#include "core/memory.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static const char *const verdicts[] = {
    [COP_VERDICT_BEGUN] = "begun",     [COP_VERDICT_OK] = "ok",
    [COP_VERDICT_FINDING] = "finding", [COP_VERDICT_SKIPPED] = "skipped",
    [COP_VERDICT_USAGE] = "usage",     [COP_VERDICT_DONE] = "done"};

static cJSON *to_json(cop_verdict verdict, const char *name, const char *expected,
                      const char *happened, const char *contract)
{
    cJSON *o = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(o, "check", name);
    (void)cJSON_AddStringToObject(o, "verdict", verdicts[verdict]);
    (void)cJSON_AddStringToObject(o, "expected", expected);
    (void)cJSON_AddStringToObject(o, "happened", happened);
    (void)cJSON_AddStringToObject(o, "contract", contract);
    return o;
}

/* A line that cannot be written is a child that seems to have died, which the parent tells. */
static void send(const cop_reporter *r, cop_verdict verdict, const char *happened)
{
    static const cop_check none = {"", "", ""};
    const cop_check *c = r->check != NULL ? r->check : &none;
    cJSON *o = to_json(verdict, c->name, c->expected, happened, c->contract);
    char *line = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    if (line == NULL)
        return;
    size_t length = strlen(line), sent = 0;
    line[length++] = '\n';
    while (sent < length) {
        ssize_t n = write(r->pipe_end, line + sent, length - sent);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    cJSON_free(line);
}

void cop_reporter_begin(cop_reporter *r, const cop_check *check)
{
    r->check = check;
    send(r, COP_VERDICT_BEGUN, "");
}

void cop_reporter_ok(cop_reporter *r)
{
    send(r, COP_VERDICT_OK, "");
}

void cop_reporter_finding(cop_reporter *r, const char *format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send(r, COP_VERDICT_FINDING, text);
}

void cop_reporter_skip(cop_reporter *r, const char *format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send(r, COP_VERDICT_SKIPPED, text);
}

void cop_reporter_usage(cop_reporter *r, const char *message)
{
    send(r, COP_VERDICT_USAGE, message);
}

void cop_reporter_done(cop_reporter *r)
{
    send(r, COP_VERDICT_DONE, "");
}

bool cop_reporter_status(cop_reporter *r, cop_status status, const cop_error *err)
{
    const char *text = err->message[0] != '\0' ? err->message : "it failed without saying why";
    if (status == COP_OK)
        cop_reporter_ok(r);
    else if (status == COP_UNAVAILABLE)
        cop_reporter_skip(r, "not available here: %s", text);
    else
        cop_reporter_finding(r, "%s", text);
    return status == COP_OK;
}

static bool take(const cJSON *o, const char *key, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
    if (text != NULL)
        (void)snprintf(out, size, "%s", text);
    return text != NULL;
}

bool cop_finding_read(const char *line, cop_finding *out)
{
    char verdict[16] = "";
    memset(out, 0, sizeof *out);
    cJSON *o = cJSON_Parse(line);
    bool ok = take(o, "check", out->name, sizeof out->name) &&
              take(o, "verdict", verdict, sizeof verdict) &&
              take(o, "expected", out->expected, sizeof out->expected) &&
              take(o, "happened", out->happened, sizeof out->happened) &&
              take(o, "contract", out->contract, sizeof out->contract);
    cJSON_Delete(o);
    for (int v = COP_VERDICT_BEGUN; ok && v <= COP_VERDICT_DONE; v++)
        if (strcmp(verdict, verdicts[v]) == 0)
            out->verdict = (cop_verdict)v;
    return ok && out->verdict != 0;
}

void cop_finding_print(const cop_finding *f, FILE *out)
{
    char happened[2 * sizeof f->happened];
    (void)cop_escape(f->happened, happened, sizeof happened);
    if (f->verdict == COP_VERDICT_OK)
        (void)fprintf(out, "ok       %s\n", f->name);
    else if (f->verdict == COP_VERDICT_SKIPPED)
        (void)fprintf(out, "skipped  %s: %s\n", f->name, happened);
    else
        (void)fprintf(out, "FINDING  %s\n  expected  %s\n  happened  %s\n  contract  %s\n", f->name,
                      f->expected, happened, f->contract);
}

cop_status cop_findings_print_json(const char *path, const cop_finding *findings, size_t count,
                                   FILE *out, cop_error *err)
{
    size_t found = 0;
    cJSON *root = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(root, "file", path);
    cJSON *list = cJSON_AddArrayToObject(root, "checks");
    for (size_t i = 0; i < count; i++) {
        const cop_finding *f = &findings[i];
        found += f->verdict == COP_VERDICT_FINDING;
        (void)cJSON_AddItemToArray(
            list, to_json(f->verdict, f->name, f->expected, f->happened, f->contract));
    }
    (void)cJSON_AddNumberToObject(root, "findings", (double)found);
    return cop_json_print(root, list != NULL, out, err);
}
