#include "commands.h"

#include <string.h>

#include "text.h"

enum { MAX_WORDS = 8, MAX_DIGITS = 9 };

static const char *const kinds[RULE_KINDS] = {"count", "mean", "t3", "any"};
static char text[COMMAND_MAX_LEN + 1];
static uint8_t length; /* one more than fits: the line is too long */

/* A line's words and the place of the next. */
typedef struct {
  const char *words[MAX_WORDS];
  uint32_t count, at;
} words_t;

void commands_reset(void) { length = 0; }

static void split(words_t *found) {
  found->count = found->at = 0;
  for (uint32_t i = 0; i < length; i++) {
    bool starts = text[i] != ' ' && (i == 0 || text[i - 1] == '\0');
    if (text[i] == ' ') {
      text[i] = '\0';
    } else if (starts && found->count < MAX_WORDS) { /* one more than any command has */
      found->words[found->count++] = text + i;
    }
  }
}

static const char *next_word(words_t *words) { return words->at < words->count ? words->words[words->at++] : ""; }

static bool read_number(const char *word, int32_t least, int32_t most, int32_t *value) {
  bool negative = *word == '-';
  word += negative;
  int32_t total = 0;
  uint32_t digits = 0;
  for (; word[digits] >= '0' && word[digits] <= '9' && digits < MAX_DIGITS; digits++) {
    total = 10 * total + (word[digits] - '0');
  }
  *value = negative ? -total : total;
  return digits > 0 && word[digits] == '\0' && least <= *value && *value <= most;
}

static bool read_count(words_t *words, uint16_t *value) {
  int32_t number;
  bool is_number = read_number(next_word(words), 0, UINT16_MAX, &number);
  *value = (uint16_t)number;
  return is_number;
}

static const char *set_threshold(words_t *words, settings_t *settings) {
  int32_t code;
  if (!read_number(next_word(words), INT8_MIN, INT8_MAX, &code)) {
    return "the threshold is a code from -128 to 127";
  }
  settings->rule.threshold = (int8_t)code;
  return NULL;
}

static const char *set_rule(words_t *words, settings_t *settings) {
  event_rule_t rule = {.threshold = settings->rule.threshold};
  const char *kind = next_word(words);
  while (rule.kind < RULE_KINDS && strcmp(kind, kinds[rule.kind]) != 0) {
    rule.kind++;
  }
  if (rule.kind == RULE_KINDS) {
    return "the rule is count, mean, t3 or any";
  }
  bool are_counts = read_count(words, &rule.window_hops) && read_count(words, &rule.on_hops) &&
                    read_count(words, &rule.off_hops) && read_count(words, &rule.hold_off_hops);
  if (!are_counts || !events_can(&rule)) {
    return "a rule needs 1 <= off <= on <= window, and window and hold-off within what the firmware keeps";
  }
  settings->rule = rule;
  return NULL;
}

static const char *set_led(words_t *words, settings_t *settings) {
  const char *mode = next_word(words);
  bool shows_event = strcmp(mode, "event") == 0;
  if (!shows_event && strcmp(mode, "probability") != 0) {
    return "the light shows event or probability";
  }
  settings->led_event = shows_event;
  return NULL;
}

static const char *set_own(words_t *words, settings_t *settings) {
  (void)words;
  *settings = settings_own();
  return NULL;
}

typedef struct {
  const char *name;
  command_kind_t kind;
  const char *(*set)(words_t *words, settings_t *settings);
} known_t;

static const known_t known[] = {
    {"who", COMMAND_WHO, NULL},      {"threshold", COMMAND_SET, set_threshold}, {"rule", COMMAND_SET, set_rule},
    {"led", COMMAND_SET, set_led},   {"defaults", COMMAND_SET, set_own},        {"keep", COMMAND_KEEP, NULL},
    {"boot", COMMAND_BOOT, NULL},
};

static command_t refused(uint32_t number, const char *problem) {
  return (command_t){COMMAND_REFUSED, number, problem};
}

static command_t understood(words_t *words, settings_t *settings) {
  int32_t number = 0;
  settings_t wanted = *settings;
  if (read_number(words->words[0], 0, INT32_MAX, &number)) {
    words->at++;
  } else {
    number = 0;
  }
  const char *name = next_word(words);
  for (uint32_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) == 0) {
      const char *problem = known[i].set ? known[i].set(words, &wanted) : NULL;
      if (!problem && words->at < words->count) {
        problem = "there is more than this command takes";
      }
      if (problem) {
        return refused((uint32_t)number, problem);
      }
      *settings = wanted;
      return (command_t){known[i].kind, (uint32_t)number, NULL};
    }
  }
  return refused((uint32_t)number, "say who, threshold, rule, led, defaults, keep or boot");
}

bool commands_push(uint8_t byte, settings_t *settings, command_t *command) {
  if (byte != '\n' && byte != '\r') {
    if (length < sizeof text) {
      text[length++] = byte == 0 ? '?' : (char)byte;
    }
    return false;
  }
  if (length == sizeof text) {
    commands_reset();
    *command = refused(0, "a command is at most 63 bytes");
    return true;
  }
  words_t words;
  text[length] = '\0';
  split(&words);
  commands_reset();
  if (words.count == 0) {
    return false;
  }
  *command = understood(&words, settings);
  return true;
}

uint32_t commands_answer(const command_t *command, const settings_t *settings, bool kept, char *line) {
  const event_rule_t *rule = &settings->rule;
  char *at = put_field(line, "{\"ack\":", command->number);
  if (command->problem) {
    at = put_text(put_text(at, ",\"ok\":0,\"problem\":\""), command->problem);
    return (uint32_t)(put_text(at, "\"}\n") - line);
  }
  at = put_signed(at, ",\"ok\":1,\"threshold\":", rule->threshold);
  at = put_text(put_text(at, ",\"rule\":{\"kind\":\""), kinds[rule->kind]);
  at = put_field(at, "\",\"window_hops\":", rule->window_hops);
  at = put_field(at, ",\"on_hops\":", rule->on_hops);
  at = put_field(at, ",\"off_hops\":", rule->off_hops);
  at = put_field(at, ",\"hold_off_hops\":", rule->hold_off_hops);
  at = put_text(put_text(at, "},\"led\":\""), settings->led_event ? "event" : "probability");
  at = put_field(at, "\",\"kept\":", kept);
  return (uint32_t)(put_text(at, "}\n") - line);
}
