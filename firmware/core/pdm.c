/* One filter of 384 taps, by table: a few bits at a time look up what they add
 * to the six samples that they are part of, two samples in the halves of one
 * word. Design and response: lab/deploy/pdm_filter.py. A one-pole high-pass
 * near 10 Hz takes away DC. */
#include "pdm.h"

#include "pdm_taps.h"

#define PAIRS (PDM_SPAN / 2)
#define GROUPS 5 /* of a word's bits: 6, 7, 7, 6, 6, from the most significant */
#define WORD_ENTRIES (2 * 128 + 3 * 64)
#define DC_SHIFT 8 /* 16000 / (2 pi 256) is 9.95 Hz */
#define SILENCE 0x55555555u /* as many ones as zeros */

/* What some bits add: pairs of samples, the earlier in the low half; wraps. */
typedef struct {
  uint32_t pairs[PAIRS];
} entry_t;

static entry_t table[PDM_WORDS_PER_SAMPLE][WORD_ENTRIES];
static entry_t begun; /* the six samples that have some of their bits, less half of all taps */
static int32_t dc_q8;

/* The tap of bit `bit` (0: first of 64) for the sample that ends `later` samples later. */
static uint32_t tap(uint32_t bit, uint32_t later) {
  uint32_t place = PDM_DECIMATION * later + PDM_DECIMATION - 1 - bit, last = PDM_SPAN * PDM_DECIMATION - 1;
  return (uint32_t)(int32_t)pdm_half[place <= last / 2 ? place : last - place];
}

/* Each value of a group is one with fewer ones and one bit more. */
static void fill_group(entry_t *entries, uint32_t bits, uint32_t last_bit) {
  for (uint32_t value = 1; value < 1u << bits; value++) {
    uint32_t less = value & (value - 1), bit = last_bit;
    for (uint32_t rest = value ^ less; rest > 1; rest >>= 1) {
      bit--;
    }
    for (uint32_t i = 0; i < PAIRS; i++) {
      entries[value].pairs[i] = entries[less].pairs[i] + tap(bit, 2 * i) + (tap(bit, 2 * i + 1) << 16);
    }
  }
}

static void fill_table(void) {
  static const uint8_t bits[GROUPS] = {6, 7, 7, 6, 6};
  for (uint32_t word = 0, bit = 0; word < PDM_WORDS_PER_SAMPLE; word++) {
    entry_t *entries = table[word];
    for (uint32_t group = 0; group < GROUPS; group++) {
      bit += bits[group];
      entries[0] = (entry_t){{0}};
      if (word == 0 && group == 0) {
        entries[0].pairs[PAIRS - 1] = (uint32_t)-PDM_HALF_SUM << 16; /* once a sample, when it begins */
      }
      fill_group(entries, bits[group], bit - 1);
      entries += 1u << bits[group];
    }
  }
}

/* Add what two words say to the three pairs a, b, c. Entries lie around the third group's: a distance of
 * up to 255 entries is one instruction. */
#ifdef __ARM_ARCH_6M__
#define GROUP(take, move) \
  take "\n\t" move "mov r3, #12\n\tmul %[at], r3\n\tadd %[at], %[near]\n\tldmia %[at]!, {r3, r4, r5}\n\t" \
  "add %[a], r3\n\tadd %[b], r4\n\tadd %[c], r5\n\t"
#define BITS(left, right) "lsl %[at], %[word], #" left "\n\tlsr %[at], %[at], #" right
#define WORD(entries)                                                                                    \
  __asm__(GROUP("lsr %[at], %[word], #26", "sub %[at], #192\n\t")                                        \
          GROUP(BITS("6", "25"), "sub %[at], #128\n\t")                                                 \
          GROUP(BITS("13", "25"), "")                                                                    \
          GROUP(BITS("20", "26"), "add %[at], #128\n\t")                                                \
          GROUP(BITS("26", "26"), "add %[at], #192\n\t")                                                \
          : [a] "+l"(a), [b] "+l"(b), [c] "+l"(c), [at] "=&l"(at)                                        \
          : [word] "l"(word), [near] "h"((entries) + 192)                                                \
          : "r3", "r4", "r5", "cc", "memory")
#else
#define GROUP(entries, left, right) \
  (at = (word << (left)) >> (right), a += (entries)[at].pairs[0], b += (entries)[at].pairs[1], c += (entries)[at].pairs[2])
#define WORD(entries)                                                                              \
  (GROUP((entries), 0, 26), GROUP((entries) + 64, 6, 25), GROUP((entries) + 192, 13, 25),           \
   GROUP((entries) + 320, 20, 26), GROUP((entries) + 384, 26, 26))
#endif

static inline int32_t low_half(uint32_t pair) { return (int16_t)pair; }

/* The high half of a pair as a number of its own, without the low half's borrow. */
static inline uint32_t high_half(uint32_t pair) {
  return (uint32_t)((int32_t)(pair - (uint32_t)low_half(pair)) >> 16);
}

static inline int16_t saturated(int32_t value) {
  if ((uint32_t)(value + 32768) > UINT16_MAX) {
    return value < 0 ? INT16_MIN : INT16_MAX;
  }
  return (int16_t)value;
}

void pdm_decimate(const uint32_t *words, int16_t *samples, uint32_t sample_count) {
  uint32_t a = begun.pairs[0], b = begun.pairs[1], c = begun.pairs[2];
  int32_t dc = dc_q8;
  for (const int16_t *end = samples + sample_count; samples < end; words += PDM_WORDS_PER_SAMPLE) {
    uint32_t at, word = words[0];
    WORD(table[0]);
    word = words[1];
    WORD(table[1]);
    int32_t whole = low_half(a);
    a = high_half(a) + (b << 16);
    b = high_half(b) + (c << 16);
    c = high_half(c);
    whole = (whole * 11 >> 2) - (dc >> DC_SHIFT);
    dc += whole;
    *samples++ = saturated(whole);
  }
  begun = (entry_t){{a, b, c}};
  dc_q8 = dc;
}

void pdm_reset(void) {
  uint32_t silence[PDM_SPAN * PDM_WORDS_PER_SAMPLE];
  int16_t forgotten[PDM_SPAN];
  if (table[0][0].pairs[PAIRS - 1] == 0) {
    fill_table();
  }
  for (uint32_t i = 0; i < PDM_SPAN * PDM_WORDS_PER_SAMPLE; i++) {
    silence[i] = SILENCE;
  }
  begun = (entry_t){{0}};
  pdm_decimate(silence, forgotten, PDM_SPAN);
  dc_q8 = 0;
}
