/* instances.c: which of an analyzer's entries in the config an analysis is by. */
#include "report/data/instances.h"

#include <string.h>

static bool is_by(const cop_record_ticket *t, size_t k, const char *analyzer)
{
    return strcmp(t->analyses[k].analyzer, analyzer) == 0;
}

/* How many analyses before the k-th are by the same analyzer and have no label, either. */
static size_t place_of(const cop_record_ticket *t, size_t k)
{
    size_t place = 0;
    for (size_t i = 0; i < k; i++)
        place += is_by(t, i, t->analyses[k].analyzer) && !t->analyses[i].is_labelled;
    return place;
}

static bool is_same(const cop_record_ticket *a, size_t i, const cop_record_ticket *b, size_t k)
{
    const cop_record_analysis *left = &a->analyses[i], *right = &b->analyses[k];
    if (!is_by(a, i, right->analyzer) || left->is_labelled != right->is_labelled)
        return false;
    return left->is_labelled ? strcmp(left->label, right->label) == 0
                             : place_of(a, i) == place_of(b, k);
}

size_t cop_analysis_instance(const cop_results *r, const cop_record_ticket *t, size_t k)
{
    size_t before = 0;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *other = &r->record.tickets[i];
        for (size_t n = 0; n < other->analysis_count; n++) {
            if (is_same(other, n, t, k))
                return before + n;
        }
        before += other->analysis_count;
    }
    return before + k; /* of a ticket that is not the record's */
}

const char *cop_analysis_instance_text(const cop_results *r, const cop_record_ticket *t, size_t k)
{
    const cop_record_analysis *own = &t->analyses[k];
    bool is_alone = true, is_agreed = own->label[0] != '\0';
    if (own->is_labelled)
        return own->label;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *other = &r->record.tickets[i];
        for (size_t n = 0; n < other->analysis_count; n++) {
            bool is_sibling = is_by(other, n, own->analyzer), is_own = is_same(other, n, t, k);
            is_alone = is_alone && (is_own || !is_sibling);
            is_agreed = is_agreed && (!is_own || strcmp(other->analyses[n].label, own->label) == 0);
        }
    }
    if (is_alone)
        return "";
    return is_agreed ? own->label : cop_arena_printf(r->arena, "number %zu", place_of(t, k) + 1);
}
