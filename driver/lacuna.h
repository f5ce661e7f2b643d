/* The driver for programs in C, and for languages that call C (python/lacuna.py): models on boards, and steps.
 *
 *     LacunaBoard *board = NULL;
 *     if (lacuna_open("/dev/ttyUSB0", 1000000, &board) != LACUNA_OK || lacuna_load(board, "kjv-8x.safetensors", NULL, NULL))
 *         fprintf(stderr, "%s\n", lacuna_message());
 *     lacuna_run(board, LACUNA_SCORE, inputs, steps, outputs);
 *     lacuna_close(board);
 *
 * Functions that can fail return a LacunaResult; lacuna_message then says why, and what to do. driver/errors.hpp says in what
 * state each kind of failure leaves the device. A board belongs to one thread at a time.
 *
 * Link with -llacuna (liblacuna.so). */
#ifndef LACUNA_H
#define LACUNA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LACUNA_API __attribute__((visibility("default")))

typedef enum {
    LACUNA_OK = 0,
    LACUNA_FAILED = 1,            /* what is no failure of the link: a file, a model that does not fit */
    LACUNA_PORT_FAILED = 2,       /* the port cannot be opened, is in use, or went away */
    LACUNA_NO_ANSWER = 3,         /* nothing comes back; requests under way may have been executed or not */
    LACUNA_NOT_LACUNA = 4,        /* something answers, but no Lacuna device */
    LACUNA_PROTOCOL_MISMATCH = 5, /* a device of a protocol version that this driver does not speak */
    LACUNA_REFUSED = 6,           /* the device refused a request; it executed nothing of it */
    LACUNA_SESSION_LOST = 7,      /* reset, or taken over by another program: lacuna_reopen, then set the state again */
    LACUNA_STEPS_DIFFER = 8,      /* the device counted other steps than were asked for */
    LACUNA_VERIFY_FAILED = 9,     /* the memories do not hold what was written */
    LACUNA_CANCELLED = 10,        /* the progress function said so */
    LACUNA_LINK_FAILED = 11       /* any other failure of the link: a rate that cannot be had, a reply too short */
} LacunaResult;

/* The program that a run uses (docs/engine.md): inputs known ahead, or each depending on the output before it. */
typedef enum { LACUNA_GENERATE = 0, LACUNA_SCORE = 1 } LacunaMode;

typedef struct LacunaBoard LacunaBoard;

typedef struct {
    uint64_t build;          /* hash that the bitstream reports */
    uint64_t model;          /* id of the model that the device holds; 0: none */
    uint32_t protocol;       /* version */
    uint32_t clock_hz;
    uint32_t baud;           /* of the line at present */
    uint32_t tiles;          /* per lane */
    uint32_t ports;          /* per lane */
    uint32_t activation_bits;
    uint32_t frame_bytes;    /* largest payload */
    uint32_t window;         /* requests under way */
    uint32_t steps;          /* since the state was cleared or written */
} LacunaInfo;

typedef struct {
    double input_scale;         /* a real input is value * input_scale */
    size_t inputs;              /* values of an input vector, int16_t of activation_bits */
    size_t outputs;             /* values of a step's output: rows of the head, or units of the top layer */
    size_t units;               /* of all layers together: values of h, and of c */
    size_t vocabulary;          /* tokens of a language model; 0: none */
    uint32_t activation_bits;
    uint32_t output_fraction;   /* a real output is value / 2^output_fraction */
    uint8_t characters[256];    /* the byte that each token stands for */
} LacunaModel;

/* Why the last call of this thread failed, and what to do: one line of text, valid until the next call. */
LACUNA_API const char *lacuna_message(void);

/* Opens a port at the rate that the device has after reset, finds the device and opens a session. */
LACUNA_API LacunaResult lacuna_open(const char *port, uint32_t baud, LacunaBoard **board);
/* NULL does nothing. */
LACUNA_API void lacuna_close(LacunaBoard *board);
/* After LACUNA_SESSION_LOST: a new session with whatever model and state the device has now. */
LACUNA_API LacunaResult lacuna_reopen(LacunaBoard *board);
LACUNA_API LacunaResult lacuna_info(LacunaBoard *board, LacunaInfo *info);
/* The device's counters, in the order of docs/protocol.md. */
LACUNA_API LacunaResult lacuna_counters(LacunaBoard *board, uint32_t counters[16]);
/* The name of the counter at a position; NULL beyond the last. */
LACUNA_API const char *lacuna_counter_name(size_t position);
/* Changes the rate of the line on both sides. */
LACUNA_API LacunaResult lacuna_set_baud(LacunaBoard *board, uint32_t baud);

/* Told what is being done, how much of it is done, and of how much; anything but 0 cancels it. */
typedef int (*LacunaProgress)(const char *what, size_t done, size_t total, void *user);
/* Loads a model and verifies what the memories hold; not when the device holds it already. The state is then zero.
 * progress may be NULL. */
LACUNA_API LacunaResult lacuna_load(LacunaBoard *board, const char *path, LacunaProgress progress, void *user);
/* The model that was loaded last. */
LACUNA_API LacunaResult lacuna_model(LacunaBoard *board, LacunaModel *model);

/* Zero state. */
LACUNA_API LacunaResult lacuna_clear(LacunaBoard *board);
/* h and c, LacunaModel.units values each, layer after layer. Writing begins a new count of steps. */
LACUNA_API LacunaResult lacuna_read_state(LacunaBoard *board, int16_t *h, int16_t *c);
LACUNA_API LacunaResult lacuna_write_state(LacunaBoard *board, const int16_t *h, const int16_t *c);

/* Steps from the present state: inputs [steps][inputs], outputs [steps][outputs]. */
LACUNA_API LacunaResult lacuna_run(LacunaBoard *board, LacunaMode mode, const int16_t *inputs, size_t steps,
                                   int32_t *outputs);
/* Steps on tokens: outputs [steps][outputs]. */
LACUNA_API LacunaResult lacuna_run_tokens(LacunaBoard *board, const uint8_t *tokens, size_t steps, int32_t *outputs);
/* Feeds a token, then each likeliest one again: the `count` likeliest tokens. */
LACUNA_API LacunaResult lacuna_generate(LacunaBoard *board, uint8_t first, size_t count, uint8_t *tokens);

#ifdef __cplusplus
}
#endif

#endif
