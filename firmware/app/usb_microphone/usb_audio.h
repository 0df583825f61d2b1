/* What the USB microphone says of itself: numbers that its descriptors and its code share. */
#ifndef USB_AUDIO_H
#define USB_AUDIO_H

#define USB_AUDIO_RATE_HZ 16000
#define USB_AUDIO_BYTES 2
#define USB_AUDIO_PACKET_LEN (USB_AUDIO_RATE_HZ / 1000) /* samples a frame of 1 ms, one more or less to keep pace */
#define USB_AUDIO_PACKET_BYTES ((USB_AUDIO_PACKET_LEN + 1) * USB_AUDIO_BYTES)
#define USB_AUDIO_DESC_LEN (8 + 9 + 9 + 8 + 17 + 12 + 9 + 9 + 16 + 6 + 7 + 8)

enum { INTERFACE_CDC, INTERFACE_CDC_DATA, INTERFACE_AUDIO, INTERFACE_AUDIO_STREAM, INTERFACE_COUNT };
enum { ENTITY_INPUT = 1, ENTITY_OUTPUT = 3, ENTITY_CLOCK = 4 };

#endif
