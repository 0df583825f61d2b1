#include "board.h"

#include "hardware/gpio.h"
#include "hardware/pwm.h"
#include "hardware/structs/systick.h"
#include "hardware/sync.h"
#include "hardware/watchdog.h"
#include "pico/stdio.h"
#include "pico/stdio_usb.h"
#include "tusb.h"

#define SYSTICK_MASK 0xffffffu
#define SYSTICK_ENABLE_AT_CPU_CLOCK 0x5u
#define PWM_TOP 65535u
#define WATCHDOG_MS 4000u

static uint32_t light_pin;

void board_start(uint32_t led_pin) {
  light_pin = led_pin;
  gpio_set_function(led_pin, GPIO_FUNC_PWM);
  pwm_config config = pwm_get_default_config();
  pwm_config_set_wrap(&config, PWM_TOP - 1);
  pwm_init(pwm_gpio_to_slice_num(led_pin), &config, true);
  systick_hw->rvr = SYSTICK_MASK;
  systick_hw->cvr = 0;
  systick_hw->csr = SYSTICK_ENABLE_AT_CPU_CLOCK;
  stdio_usb_init();
  watchdog_enable(WATCHDOG_MS, true);
}

uint32_t board_cycles(void) {
  static uint32_t before, total;
  uint32_t now = systick_hw->cvr; /* counts down */
  total += (before - now) & SYSTICK_MASK;
  before = now;
  return total;
}

uint8_t board_show(uint32_t probability) {
  uint32_t duty = probability * probability; /* gamma 2: even steps to the eye */
  pwm_set_gpio_level(light_pin, (uint16_t)duty);
  return (uint8_t)(duty >> 8);
}

bool board_new_listener(void) {
  static bool before;
  bool listens = stdio_usb_connected(), is_new = listens && !before;
  before = listens;
  return is_new;
}

bool board_say(const char *text, uint32_t length) {
  if (!stdio_usb_connected() || tud_cdc_write_available() < length) {
    return false; /* a line goes out whole or not at all: part of one would spoil the next */
  }
  stdio_put_string(text, (int)length, false, false);
  stdio_flush();
  return true;
}

void board_alive(void) { watchdog_update(); }

void board_wait(void) { __wfe(); }
