#include "board.h"

#include "hardware/gpio.h"
#include "hardware/pwm.h"
#include "hardware/structs/systick.h"
#include "hardware/sync.h"
#include "hardware/watchdog.h"

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

void board_alive(void) { watchdog_update(); }

void board_wait(void) { __wfe(); }
