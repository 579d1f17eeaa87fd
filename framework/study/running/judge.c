/* judge.c: calling a judge, and holding it to what verdicts are. */
#include "study/running/judge.h"

#include "core/callback.h"
#include "core/memory.h"
#include "core/verdict.h"

cop_status cop_judge_tables(const char *what, const cop_work_ops *ops, const void *options,
                            const cop_tables *tables, const cop_tables *dense, cop_tables **out,
                            cop_error *err)
{
    cop_error inner = {0};
    cop_callback at;
    cop_tables *verdicts = cop_tables_new();
    *out = NULL;
    if (verdicts == NULL)
        return cop_out_of_memory(err);
    cop_callback_enter(&at, NULL, what, "judge");
    cop_status status = ops->judge(options, tables, dense, verdicts, &inner);
    cop_callback_leave(&at);
    if (status == COP_OK)
        status = cop_verdicts_check(tables, verdicts, &inner);
    if (status != COP_OK) {
        cop_tables_free(verdicts);
        return cop_fail_at(err, COP_FAILED, inner.file, inner.line, "%s: judge: %s", what,
                           inner.message[0] != '\0' ? inner.message : "failed without saying why");
    }
    *out = verdicts;
    return COP_OK;
}
