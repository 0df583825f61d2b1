#include "microphone.h"

#include <stddef.h>

#include "hardware/clocks.h"
#include "hardware/dma.h"
#include "hardware/gpio.h"
#include "hardware/irq.h"
#include "hardware/pio.h"
#include "pdm.h"
#include "pdm_capture.pio.h"

#define BIT_HZ (16000u * PDM_DECIMATION)
#define HOP_WORDS (MICROPHONE_HOP_LEN * PDM_WORDS_PER_SAMPLE)
#define BUFFERS 2
#define MICROPHONE_PIO pio0

static uint32_t buffers[BUFFERS][HOP_WORDS];
static int channels[BUFFERS];
static volatile uint32_t hops_filled;
static uint32_t hops_taken, overruns;

/* A buffer is full: aim its channel at the start again and publish it. In SRAM, as flash.c needs it. */
static void __not_in_flash_func(on_filled)(void) {
  for (uint32_t i = 0; i < BUFFERS; i++) {
    if (dma_channel_get_irq0_status((uint)channels[i])) {
      dma_channel_acknowledge_irq0((uint)channels[i]);
      dma_channel_set_write_addr((uint)channels[i], buffers[i], false);
      hops_filled++;
    }
  }
}

static uint start_clock(uint32_t data_pin, uint32_t clock_pin) {
  static const struct pio_program program = {.instructions = pdm_pio_instructions, .length = 2, .origin = -1};
  uint offset = (uint)pio_add_program(MICROPHONE_PIO, &program);
  uint machine = (uint)pio_claim_unused_sm(MICROPHONE_PIO, true);
  pio_sm_config config = pio_get_default_sm_config();
  sm_config_set_wrap(&config, offset, offset + 1);
  sm_config_set_sideset(&config, 1, false, false);
  sm_config_set_sideset_pins(&config, clock_pin);
  sm_config_set_in_pins(&config, data_pin);
  sm_config_set_in_shift(&config, false, true, 32);
  uint32_t ratio_q8 = (uint32_t)(((uint64_t)clock_get_hz(clk_sys) << 8) / (BIT_HZ * PDM_PIO_CYCLES_PER_BIT));
  sm_config_set_clkdiv_int_frac(&config, (uint16_t)(ratio_q8 >> 8), (uint8_t)ratio_q8);
  pio_gpio_init(MICROPHONE_PIO, clock_pin);
  pio_gpio_init(MICROPHONE_PIO, data_pin);
  pio_sm_set_consecutive_pindirs(MICROPHONE_PIO, machine, clock_pin, 1, true);
  pio_sm_set_consecutive_pindirs(MICROPHONE_PIO, machine, data_pin, 1, false);
  pio_sm_init(MICROPHONE_PIO, machine, offset, &config);
  return machine;
}

static void start_transfers(uint machine) {
  for (uint32_t i = 0; i < BUFFERS; i++) {
    channels[i] = dma_claim_unused_channel(true);
  }
  for (uint32_t i = 0; i < BUFFERS; i++) {
    dma_channel_config config = dma_channel_get_default_config((uint)channels[i]);
    channel_config_set_transfer_data_size(&config, DMA_SIZE_32);
    channel_config_set_read_increment(&config, false);
    channel_config_set_write_increment(&config, true);
    channel_config_set_dreq(&config, pio_get_dreq(MICROPHONE_PIO, machine, false));
    channel_config_set_chain_to(&config, (uint)channels[(i + 1) % BUFFERS]);
    dma_channel_configure((uint)channels[i], &config, buffers[i], &MICROPHONE_PIO->rxf[machine], HOP_WORDS, false);
    dma_channel_set_irq0_enabled((uint)channels[i], true);
  }
  irq_set_exclusive_handler(DMA_IRQ_0, on_filled);
  irq_set_enabled(DMA_IRQ_0, true);
  dma_channel_start((uint)channels[0]);
}

void microphone_start(uint32_t data_pin, uint32_t clock_pin) {
  uint machine = start_clock(data_pin, clock_pin);
  start_transfers(machine);
  pio_sm_set_enabled(MICROPHONE_PIO, machine, true);
}

const uint32_t *microphone_take(void) {
  uint32_t filled = hops_filled;
  if (filled == hops_taken) {
    return NULL;
  }
  if (filled - hops_taken > 1) { /* the other buffer is being written again */
    overruns += filled - hops_taken - 1;
    hops_taken = filled - 1;
  }
  return buffers[hops_taken++ % BUFFERS];
}

uint32_t microphone_overruns(void) { return overruns; }
