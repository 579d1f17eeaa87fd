/* draw.c: a picture of one shape: ground, blots, the shape at a random place, size, tilt and
 * stretch, more blots, noise. All colours and patterns are drawn without regard to the class, and
 * the shape may be lighter or darker than its ground, so no pixel says anything by itself.
 *
 * Only +, −, ×, ÷, √ and comparisons are used, no library functions, so that a picture is the same
 * on every machine. */
#include "draw.h"

#include <math.h>

typedef struct colour {
    double channel[3];
} colour;

/* Stripes, checks or a plain colour: two colours that alternate along a turned axis. */
typedef struct pattern {
    colour first, second;
    int kind;      /* 0 plain, 1 stripes, 2 checks, 3 a slope from one colour to the other */
    double c, s;   /* cosine and sine of its direction */
    double period; /* pixels */
    double phase;
} pattern;

typedef struct placement {
    double x, y;   /* centre, pixels */
    double c, s;   /* cosine and sine of its angle */
    double rx, ry; /* half-lengths, pixels */
} placement;

static double uniform(cop_stream *stream, double low, double high)
{
    return low + (high - low) * (double)cop_stream_uniform(stream);
}

/* A random angle as cosine and sine: a point in the disc, put on the circle. */
static void draw_angle(cop_stream *stream, double *c, double *s)
{
    double x, y, square;
    do {
        x = uniform(stream, -1.0, 1.0);
        y = uniform(stream, -1.0, 1.0);
        square = x * x + y * y;
    } while (square > 1.0 || square < 0.01);
    *c = x / sqrt(square);
    *s = y / sqrt(square);
}

/* An angle about upright, up to 35 degrees to either side. */
static void draw_tilt(cop_stream *stream, double *c, double *s)
{
    double slope = uniform(stream, -0.7, 0.7);
    *c = 1.0 / sqrt(1.0 + slope * slope);
    *s = slope * *c;
}

static colour draw_colour(cop_stream *stream)
{
    colour out;
    for (int i = 0; i < 3; i++)
        out.channel[i] = uniform(stream, 0.05, 0.95);
    return out;
}

static double distance(const colour *a, const colour *b)
{
    double sum = 0.0;
    for (int i = 0; i < 3; i++)
        sum += (a->channel[i] - b->channel[i]) * (a->channel[i] - b->channel[i]);
    return sqrt(sum);
}

static colour blend(const colour *a, const colour *b, double share)
{
    colour out;
    for (int i = 0; i < 3; i++)
        out.channel[i] = a->channel[i] + share * (b->channel[i] - a->channel[i]);
    return out;
}

static pattern draw_pattern(cop_stream *stream, colour base)
{
    pattern p = {.first = base};
    colour other = draw_colour(stream);
    /* The second colour leans to the first, so that the pattern stays weaker than the outline. */
    p.second = blend(&base, &other, 0.3);
    p.kind = (int)cop_stream_below(stream, 4);
    draw_angle(stream, &p.c, &p.s);
    p.period = uniform(stream, 4.0, 12.0);
    p.phase = uniform(stream, 0.0, 1.0);
    return p;
}

/* Position within the period, in [0, 1). */
static double fraction(double x)
{
    return x - floor(x);
}

static colour pattern_at(const pattern *p, double x, double y)
{
    double along = (p->c * x + p->s * y) / p->period + p->phase;
    double across = (p->c * y - p->s * x) / p->period + p->phase;
    switch (p->kind) {
    case 1:
        return fraction(along) < 0.5 ? p->first : p->second;
    case 2:
        return (fraction(along) < 0.5) == (fraction(across) < 0.5) ? p->first : p->second;
    case 3: {
        double t = (p->c * (x - 16.0) + p->s * (y - 16.0)) / 44.0 + 0.5;
        return blend(&p->first, &p->second, t < 0.0 ? 0.0 : t > 1.0 ? 1.0 : t);
    }
    default:
        return p->first;
    }
}

static bool in_disc(double u, double v, double radius)
{
    return u * u + v * v < radius * radius;
}

static bool in_box(double u, double v, double half_u, double half_v)
{
    return fabs(u) < half_u && fabs(v) < half_v;
}

/* How many of n half-planes at `inset` from the centre, their normals evenly turned, hold (u, v).
 */
static int half_planes(double u, double v, const double (*normal)[2], int n, double inset)
{
    int held = 0;
    for (int i = 0; i < n; i++)
        held += normal[i][0] * u + normal[i][1] * v < inset;
    return held;
}

bool shapes_inside(int shape, double u, double v)
{
    static const double thirds[3][2] = {
        {0.0, 1.0}, {0.86602540378443865, -0.5}, {-0.86602540378443865, -0.5}};
    static const double fifths[5][2] = {{0.0, 1.0},
                                        {0.95105651629515357, 0.30901699437494742},
                                        {0.58778525229247313, -0.80901699437494742},
                                        {-0.58778525229247313, -0.80901699437494742},
                                        {-0.95105651629515357, 0.30901699437494742}};
    switch (shape) {
    case 0: /* disc */
        return in_disc(u, v, 0.8);
    case 1: /* ring */
        return in_disc(u, v, 0.9) && !in_disc(u, v, 0.5);
    case 2: /* square */
        return in_box(u, v, 0.7, 0.7);
    case 3: /* frame */
        return in_box(u, v, 0.75, 0.75) && !in_box(u, v, 0.4, 0.4);
    case 4: /* triangle */
        return half_planes(u, v, thirds, 3, 0.5) == 3;
    case 5: /* star: a pentagram lies within four of five lines */
        return half_planes(u, v, fifths, 5, 0.34) >= 4 && in_disc(u, v, 1.0);
    case 6: /* cross */
        return in_box(u, v, 0.27, 0.9) || in_box(u, v, 0.9, 0.27);
    case 7: /* crescent */
        return in_disc(u, v, 0.95) && !in_disc(u - 0.45, v, 0.75);
    case 8: /* hourglass */
        return fabs(u) < fabs(v) && fabs(v) < 0.75;
    default: /* corner */
        return in_box(u + 0.42, v, 0.27, 0.75) || in_box(u, v - 0.48, 0.69, 0.27);
    }
}

static placement draw_shape_placement(cop_stream *stream)
{
    placement p;
    double radius = uniform(stream, 8.0, 12.5);
    double stretch = uniform(stream, 0.85, 1.18);
    p.rx = radius * stretch;
    p.ry = radius / stretch;
    double reach = radius < 11.0 ? 15.0 - radius : 4.0;
    p.x = uniform(stream, 16.0 - reach, 16.0 + reach);
    p.y = uniform(stream, 16.0 - reach, 16.0 + reach);
    draw_tilt(stream, &p.c, &p.s);
    return p;
}

static placement draw_blot_placement(cop_stream *stream)
{
    placement p;
    p.rx = uniform(stream, 1.0, 5.0);
    p.ry = uniform(stream, 0.7, 2.0);
    p.x = uniform(stream, 0.0, SHAPES_SIDE);
    p.y = uniform(stream, 0.0, SHAPES_SIDE);
    draw_angle(stream, &p.c, &p.s);
    return p;
}

/* Paints over the canvas where the figure covers it; shape −1 is a bar. Four samples per pixel
 * soften the edge. */
static void paint(colour *canvas, const placement *p, int shape, const pattern *fill)
{
    static const double offset[4][2] = {{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}};
    double reach = 1.5 * (p->rx > p->ry ? p->rx : p->ry);
    for (int y = 0; y < SHAPES_SIDE; y++) {
        for (int x = 0; x < SHAPES_SIDE; x++) {
            if (fabs(x + 0.5 - p->x) > reach || fabs(y + 0.5 - p->y) > reach)
                continue;
            int covered = 0;
            for (int k = 0; k < 4; k++) {
                double dx = x + offset[k][0] - p->x, dy = y + offset[k][1] - p->y;
                double u = (p->c * dx + p->s * dy) / p->rx, v = (p->c * dy - p->s * dx) / p->ry;
                covered += shape < 0 ? in_box(u, v, 1.0, 1.0) : shapes_inside(shape, u, v);
            }
            if (covered == 0)
                continue;
            colour *at = &canvas[y * SHAPES_SIDE + x];
            colour over = pattern_at(fill, x + 0.5, y + 0.5);
            *at = blend(at, &over, covered / 4.0);
        }
    }
}

static void paint_blots(cop_stream *stream, colour *canvas, int count)
{
    for (int i = 0; i < count; i++) {
        placement p = draw_blot_placement(stream);
        pattern fill = {.first = draw_colour(stream)};
        int shape = cop_stream_below(stream, 2) == 0 ? -1 : 0;
        paint(canvas, &p, shape, &fill);
    }
}

/* A fill whose base colour stands off from the ground's. */
static colour draw_contrasting(cop_stream *stream, const pattern *ground)
{
    for (;;) {
        colour c = draw_colour(stream);
        if (distance(&c, &ground->first) > 0.45 && distance(&c, &ground->second) > 0.35)
            return c;
    }
}

/* Noise as the sum of two uniform bytes, brought to deviation 1: (b + b' − 255) / 104.51. */
static double byte_noise(uint32_t bits)
{
    return ((double)(bits & 255u) + (double)((bits >> 8) & 255u) - 255.0) / 104.510765;
}

static void write_pixels(cop_stream *stream, const colour *canvas, double noise, uint8_t *pixels)
{
    uint32_t bits = 0;
    for (int i = 0; i < SHAPES_PIXELS; i++) {
        bits = i % 2 == 0 ? cop_stream_u32(stream) : bits >> 16;
        int channel = i / (SHAPES_SIDE * SHAPES_SIDE), at = i % (SHAPES_SIDE * SHAPES_SIDE);
        double value = 255.0 * (canvas[at].channel[channel] + noise * byte_noise(bits));
        pixels[i] = (uint8_t)(value < 0.0 ? 0.0 : value > 255.0 ? 255.0 : floor(value + 0.5));
    }
}

void shapes_draw(cop_stream *stream, int shape, double noise, int clutter, uint8_t *pixels)
{
    colour canvas[SHAPES_SIDE * SHAPES_SIDE];
    pattern ground = draw_pattern(stream, draw_colour(stream));
    for (int i = 0; i < SHAPES_SIDE * SHAPES_SIDE; i++)
        canvas[i] = pattern_at(&ground, i % SHAPES_SIDE + 0.5, i / SHAPES_SIDE + 0.5);
    paint_blots(stream, canvas, clutter - clutter / 3);
    pattern fill = draw_pattern(stream, draw_contrasting(stream, &ground));
    placement place = draw_shape_placement(stream);
    paint(canvas, &place, shape, &fill);
    paint_blots(stream, canvas, clutter / 3);
    write_pixels(stream, canvas, noise, pixels);
}
