// Numbers that depend on a seed alone.
#include "posix.h"

#include <string.h>

uint64_t chance_next(Chance *chance) {
    uint64_t value = (chance->state += 0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

uint64_t chance_below(Chance *chance, uint64_t below) { return below == 0 ? 0 : chance_next(chance) % below; }

void fill_pattern(unsigned char *bytes, size_t count, uint32_t seed) {
    uint64_t state = seed * 2654435761ull + 12345;
    for (size_t i = 0; i < count; i += 8) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        // Never zero, so that a hole is told from data.
        uint64_t word = state | 0x0101010101010101ull;
        memcpy(bytes + i, &word, count - i < 8 ? count - i : 8);
    }
}
