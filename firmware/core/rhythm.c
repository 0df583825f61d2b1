#include "rhythm.h"

#include <string.h>

#include "lab_config.h"

#if LAB_T3_TELLS

static uint8_t levels[LAB_T3_LOOK_BACK][LAB_BANDS];
static uint32_t oldest;

static const uint8_t tones[LAB_T3_LOOKS] = LAB_T3_TONES;
static const uint8_t ago[LAB_T3_SPEEDS][LAB_T3_LOOKS] = LAB_T3_AGO;
_Static_assert(LAB_T3_LOOK_BACK <= UINT8_MAX, "a look's distance fits a byte");

typedef struct {
  int32_t sum, unsteady; /* of LAB_T3_SPAN_HOPS codes; the latter is their variance, times LAB_T3_SPAN_HOPS squared */
} span_t;

void rhythm_reset(void) {
  memset(levels, 0, sizeof levels);
  oldest = 0;
}

void rhythm_push(const uint8_t *level) {
  memcpy(levels[oldest], level, LAB_BANDS);
  oldest = oldest + 1 == LAB_T3_LOOK_BACK ? 0 : oldest + 1;
}

static span_t look(uint32_t band, uint32_t hops_ago) {
  uint32_t at = oldest >= hops_ago ? oldest - hops_ago : oldest + LAB_T3_LOOK_BACK - hops_ago;
  int32_t sum = 0, squares = 0;
  for (uint32_t hop = 0; hop < LAB_T3_SPAN_HOPS; hop++) {
    int32_t code = levels[at][band];
    sum += code;
    squares += code * code;
    at = at + 1 == LAB_T3_LOOK_BACK ? 0 : at + 1;
  }
  return (span_t){sum, LAB_T3_SPAN_HOPS * squares - sum * sum};
}

static int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

/* Looks from the newest to the oldest, so that most that is no alarm is over after two or three. */
static bool fits(uint32_t band, const uint8_t *hops_ago) {
  span_t seen = look(band, hops_ago[0]);
  int32_t tone = seen.sum, faintest = seen.sum, loudest = seen.sum, unsteady = seen.unsteady;
  int32_t gap = 0;             /* the loudest since the last tone */
  int32_t quietest = seen.sum; /* of all gaps */
  int32_t apart = seen.sum;    /* the least that a tone rises above a gap beside it */
  for (uint32_t i = 1; i < LAB_T3_LOOKS && apart >= LAB_T3_CONTRAST; i++) {
    seen = look(band, hops_ago[i]);
    if (tones[i]) {
      apart = lesser(apart, seen.sum - gap);
      tone = seen.sum;
      gap = 0;
      faintest = lesser(faintest, tone);
      loudest = greater(loudest, tone);
      unsteady += seen.unsteady;
    } else {
      apart = lesser(apart, tone - seen.sum);
      gap = greater(gap, seen.sum);
      quietest = lesser(quietest, seen.sum);
    }
  }
  return apart >= LAB_T3_CONTRAST && LAB_T3_CLEAR_SHARE * apart >= loudest - quietest &&
         loudest - faintest <= LAB_T3_SPREAD && unsteady <= LAB_T3_UNSTEADY;
}

bool rhythm_beats(void) {
  /* the newest tone and the gap before it are the same at every speed */
  int32_t newest[LAB_BANDS], loudest = 0;
  for (uint32_t band = 0; band < LAB_BANDS; band++) {
    newest[band] = look(band, ago[0][0]).sum;
    loudest = greater(loudest, newest[band]);
  }
  for (uint32_t band = 0; band < LAB_BANDS; band++) {
    if (newest[band] < loudest - LAB_T3_BELOW) continue;
    if (newest[band] - look(band, ago[0][1]).sum < LAB_T3_CONTRAST) continue;
    for (uint32_t speed = 0; speed < LAB_T3_SPEEDS; speed++) {
      if (fits(band, ago[speed])) return true;
    }
  }
  return false;
}

#else

void rhythm_reset(void) {}

void rhythm_push(const uint8_t *level) { (void)level; }

bool rhythm_beats(void) { return false; }

#endif
