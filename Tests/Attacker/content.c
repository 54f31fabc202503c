// What documents hold: 64-bit words of their number and place.
#include "attacker.h"

#include <string.h>

/// Below a page, over a page, over the limit of a pack, by turns.
uint64_t document_length(int document) {
    static const uint64_t lengths[] = {3000, 20000, 40000, 140000};
    return lengths[document % 4];
}

static uint8_t byte_at(int document, uint64_t offset) {
    uint64_t word = (uint64_t)(document + 1) << 40 | offset / 8;
    return (uint8_t)(word >> (offset % 8 * 8));
}

void fill(int document, uint64_t offset, void *buffer, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) ((uint8_t *)buffer)[i] = byte_at(document, offset + i);
}

void examine(int document, uint64_t offset, const void *buffer, uint64_t count) {
    if (document >= sink_first && document < sink_end) return;
    for (uint64_t i = 0; i < count; i++) {
        if (((const uint8_t *)buffer)[i] != byte_at(document, offset + i)) record.flags |= flag_foreign;
    }
}
