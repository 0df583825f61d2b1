/* TinyUSB for the USB microphone: one serial port, one audio function that sends. */
#ifndef TUSB_CONFIG_H
#define TUSB_CONFIG_H

#include "usb_audio.h"

#define CFG_TUSB_RHPORT0_MODE OPT_MODE_DEVICE
#define CFG_TUD_ENDPOINT0_SIZE 64

#define CFG_TUD_CDC 1
#define CFG_TUD_CDC_RX_BUFSIZE 64
#define CFG_TUD_CDC_TX_BUFSIZE 512

#define CFG_TUD_AUDIO 1
#define CFG_TUD_AUDIO_FUNC_1_DESC_LEN USB_AUDIO_DESC_LEN
#define CFG_TUD_AUDIO_FUNC_1_N_AS_INT 1
#define CFG_TUD_AUDIO_FUNC_1_CTRL_BUF_SZ 64
#define CFG_TUD_AUDIO_ENABLE_EP_IN 1
#define CFG_TUD_AUDIO_EP_IN_FLOW_CONTROL 0 /* main.c paces its packets */
#define CFG_TUD_AUDIO_FUNC_1_EP_IN_SZ_MAX USB_AUDIO_PACKET_BYTES
#define CFG_TUD_AUDIO_FUNC_1_EP_IN_SW_BUF_SZ (4 * USB_AUDIO_PACKET_BYTES)

#endif
