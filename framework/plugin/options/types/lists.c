/* lists.c: the option types of lists: each item is read and printed as an option of one value
 * is. */
#include "plugin/options/types/types.h"

#include "core/memory.h"

#include <string.h>

static cop_status read_list(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, cop_value *value, cop_error *err)
{
    const cop_value_type *list = cop_value_type_of(option->type);
    const cop_value_type *item = cop_value_type_of(list->item);
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return cop_refuse_type(reader, option, setting, list, err);
    size_t count = (size_t)config_setting_length(setting);
    char *items = cop_arena_array(reader->arena, count > 0 ? count : 1, item->size);
    if (items == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        cop_value one;
        const config_setting_t *from = config_setting_get_elem(setting, (unsigned)i);
        COP_TRY(item->read(reader, option, from, &one, err));
        memcpy(items + i * item->size, (const char *)&one + item->offset, item->size);
    }
    value->as.list = (cop_list){count, items};
    return COP_OK;
}

/* A text of ranges is such a list, too; one integer is none, as it may mean how many are wanted. */
static cop_status read_integers(const cop_reader *reader, const cop_option *option,
                                const config_setting_t *setting, cop_value *value, cop_error *err)
{
    cop_int_list list;
    cop_error why = {0};
    int type = config_setting_type(setting);
    if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) {
        long long one = config_setting_get_int64(setting);
        return cop_value_refuse(reader, option, setting, err,
                                "is an integer; wanted a list of integers: [%lld] for %lld itself, "
                                "or a range such as \"0..%lld\"",
                                one, one, one > 1 ? one - 1 : 4);
    }
    if (type != CONFIG_TYPE_STRING)
        return read_list(reader, option, setting, value, err);
    if (cop_ranges_read(config_setting_get_string(setting), reader->arena, &list, &why) != COP_OK)
        return cop_value_refuse(reader, option, setting, err, "%s", why.message);
    for (size_t i = 0; i < list.count; i++)
        COP_TRY(cop_check_int(reader, option, setting, list.items[i], err));
    value->as.list = (cop_list){list.count, list.items};
    return COP_OK;
}

static void append_list(const cop_option *option, const cop_value *value, bool is_identity,
                        cop_text *text)
{
    const cop_value_type *item = cop_value_type_of(cop_value_type_of(option->type)->item);
    cop_text_append(text, "("); /* not [: whole floats print as integers, and arrays cannot mix */
    for (size_t i = 0; i < value->as.list.count; i++) {
        cop_value one;
        const char *from = (const char *)value->as.list.items + i * item->size;
        memcpy((char *)&one + item->offset, from, item->size);
        if (i > 0)
            cop_text_append(text, ", ");
        item->append(option, &one, is_identity, text);
    }
    cop_text_append(text, ")");
}

/* The lists of every type are laid out as one. */
#define HAS_LAYOUT(type)                                                                           \
    _Static_assert(sizeof(type) == sizeof(cop_list) &&                                             \
                       offsetof(type, items) == offsetof(cop_list, items),                         \
                   "a list is its count and its items")
HAS_LAYOUT(cop_int_list);
HAS_LAYOUT(cop_float_list);
HAS_LAYOUT(cop_string_list);

const cop_value_type cop_int_list_type = {.name = "int list",
                                          .wanted = "a list of integers",
                                          COP_FIELD_OF(cop_int_list, list),
                                          .item = COP_OPTION_INT,
                                          .read = read_integers,
                                          .append = append_list};

const cop_value_type cop_float_list_type = {.name = "float list",
                                            .wanted = "a list of numbers",
                                            COP_FIELD_OF(cop_float_list, list),
                                            .item = COP_OPTION_FLOAT,
                                            .read = read_list,
                                            .append = append_list};

const cop_value_type cop_path_list_type = {.name = "path list",
                                           .wanted = "a list of strings",
                                           COP_FIELD_OF(cop_string_list, list),
                                           .item = COP_OPTION_PATH,
                                           .read = read_list,
                                           .append = append_list};

const cop_value_type cop_string_list_type = {.name = "string list",
                                             .wanted = "a list of strings",
                                             COP_FIELD_OF(cop_string_list, list),
                                             .item = COP_OPTION_STRING,
                                             .read = read_list,
                                             .append = append_list};
