/* elf.c: finding the descriptor's first bytes in a file: the dynamic symbol of its name, and the
 * segment that it lies in. Nothing in the file is trusted. */
#include "plugin/loading/elf.h"

#include "core/file.h"

#include <coppice/plugin.h>

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct image {
    const unsigned char *bytes;
    size_t size;
} image;

/* Copies `size` bytes at `offset`; false where the file ends before. */
static bool get(const image *m, uint64_t offset, void *to, size_t size)
{
    if (offset > m->size || size > m->size - (size_t)offset)
        return false;
    memcpy(to, m->bytes + offset, size);
    return true;
}

/* Whether the string at `offset` is `text`. */
static bool is_text(const image *m, uint64_t offset, const char *text)
{
    size_t size = strlen(text) + 1;
    return offset <= m->size && size <= m->size - (size_t)offset &&
           memcmp(m->bytes + offset, text, size) == 0;
}

/* Where in the file the address is. */
static bool find_address(const image *m, const ElfW(Ehdr) * header, uint64_t address,
                         uint64_t *offset)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        if (!get(m, header->e_phoff + (uint64_t)i * sizeof segment, &segment, sizeof segment))
            return false;
        if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
            address - segment.p_vaddr >= segment.p_filesz)
            continue;
        *offset = segment.p_offset + (address - segment.p_vaddr);
        return true;
    }
    return false;
}

/* The beginning of the descriptor, up to the ABI's numbers. */
typedef struct beginning {
    uint32_t magic;
    uint16_t major, minor;
} beginning;

_Static_assert(offsetof(cop_plugin, abi_major) == offsetof(beginning, major) &&
                   offsetof(cop_plugin, abi_minor) == offsetof(beginning, minor),
               "how every descriptor begins, in all ABIs");

/* The descriptor's address, by a table of dynamic symbols and the strings that belong to it. */
static bool find_symbol(const image *m, const ElfW(Ehdr) * header, const ElfW(Shdr) * symbols,
                        uint64_t *address)
{
    ElfW(Shdr) strings;
    if (!get(m, header->e_shoff + (uint64_t)symbols->sh_link * sizeof strings, &strings,
             sizeof strings))
        return false;
    for (uint64_t at = 0; at + sizeof(ElfW(Sym)) <= symbols->sh_size; at += sizeof(ElfW(Sym))) {
        ElfW(Sym) symbol;
        if (!get(m, symbols->sh_offset + at, &symbol, sizeof symbol))
            return false;
        if (symbol.st_shndx == SHN_UNDEF || symbol.st_size < sizeof(beginning) ||
            !is_text(m, strings.sh_offset + symbol.st_name, COP_PLUGIN_SYMBOL))
            continue;
        *address = symbol.st_value;
        return true;
    }
    return false;
}

static bool read_beginning(const image *m, beginning *out)
{
    ElfW(Ehdr) header;
    if (!get(m, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header.e_shentsize != sizeof(ElfW(Shdr)) || header.e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        ElfW(Shdr) section;
        uint64_t address = 0, offset = 0;
        if (!get(m, header.e_shoff + (uint64_t)i * sizeof section, &section, sizeof section))
            return false;
        if (section.sh_type == SHT_DYNSYM && find_symbol(m, &header, &section, &address))
            return find_address(m, &header, address, &offset) && get(m, offset, out, sizeof *out);
    }
    return false;
}

cop_status cop_plugin_check_file(const char *path, cop_error *err)
{
    beginning start;
    bool is_there = false;
    int64_t size = 0;
    int file = -1;
    if (cop_file_open_regular(path, &file, &size, NULL) != COP_OK)
        return COP_OK;
    void *bytes = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    if (bytes != MAP_FAILED) {
        is_there = read_beginning(&(image){bytes, (size_t)size}, &start);
        (void)munmap(bytes, (size_t)size);
    }
    (void)close(file);
    if (!is_there || start.magic != COP_PLUGIN_MAGIC || start.major == COP_ABI_MAJOR)
        return COP_OK;
    return cop_fail(err, COP_INVALID, "built for ABI %u.%u; wanted major version %d", start.major,
                    start.minor, COP_ABI_MAJOR);
}
