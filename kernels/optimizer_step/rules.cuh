// The rules of the optimisers, for one number: what __init__.py says, rounded where the CPU's loops round
// (adam_loops.py, sgd_loops.py, square_loops.py), so that equal gradients give equal steps.
//
// A rule has the coefficients of the step, of the type of the parameters and worked out in float64 (`of`), and `step`,
// which changes a parameter and its STATES by the gradient. `fma` stands where PyTorch's compiled code fuses a product
// and a sum, `product` where it does not and nvcc would.

#pragma once

#include "elementary.cuh"

enum Flags { MAXIMIZE = 1, NESTEROV = 2, DECOUPLED = 4 };

// The gradient's sign and the weight decay.
template <typename T>
struct Decay {
    T sign, shrink, decay;

    static __device__ Decay of(double lr, double weight_decay, int flags)
    {
        const bool decoupled = flags & DECOUPLED;
        return {T(flags & MAXIMIZE ? -1 : 1), T(decoupled ? 1 - lr * weight_decay : 1), T(decoupled ? 0 : weight_decay)};
    }
    __device__ T shrunk(T p) const { return math::product(p, shrink); }
    __device__ T operator()(T grad, T p) const  // of an infinite p, 0·p would be NaN
    {
        const T g = math::product(sign, grad);
        return decay != T(0) ? math::fma(decay, p, g) : g;
    }
};

// mean + (1 - beta)·(grad - mean) from the nearer end, as PyTorch's lerp.
template <typename T>
struct Toward {
    T rate;
    bool near;

    static __device__ Toward of(double beta)
    {
        const T rate = T(1 - beta);
        const bool near = rate < T(0.5);
        return {near ? rate : rate - T(1), near};
    }
    __device__ T operator()(T mean, T grad) const { return math::fma(rate, grad - mean, near ? mean : grad); }
};

// beta·mean + (1 - beta)·x²
template <typename T>
struct MeanSquare {
    T beta, rate;

    static __device__ MeanSquare of(double beta) { return {T(beta), T(1 - beta)}; }
    __device__ T operator()(T mean, T x) const
    {
        return math::fma(math::product(rate, x), x, math::product(beta, mean));
    }
};

// --- by the gradient itself, or by its sign --------------------------------------------------------

template <typename T, bool MOMENTUM>
struct Sgd {
    static constexpr int STATES = MOMENTUM;
    Decay<T> decayed;
    T lr, momentum, rate;
    bool nesterov;

    static __device__ Sgd of(const double* h, int flags)
    {
        return {Decay<T>::of(0, h[3], flags), T(h[0]), T(h[1]), T(1 - h[2]), (flags & NESTEROV) != 0};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        T g = decayed(grad, p);
        if (MOMENTUM) {
            const T b = states[0] = math::fma(rate, g, math::product(momentum, states[0]));
            g = nesterov ? math::fma(momentum, b, g) : b;
        }
        p = math::fma(-lr, g, p);
    }
};

template <typename T>
struct Asgd {
    static constexpr int STATES = 1;
    Decay<T> decayed;
    T eta, shrink, mu;

    static __device__ Asgd of(const double* h, int flags)
    {
        return {Decay<T>::of(0, h[3], flags), T(h[0]), T(1 - h[1] * h[0]), T(h[2])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        T& mean = states[0];
        p = math::fma(-eta, decayed(grad, p), math::product(p, shrink));
        mean = mu == T(1) ? p : mean + math::product(p - mean, mu);
    }
};

template <typename T>
struct Rprop {
    static constexpr int STATES = 2;
    T sign, minus, plus, smallest, largest;

    static __device__ Rprop of(const double* h, int flags)
    {
        return {T(flags & MAXIMIZE ? -1 : 1), T(h[0]), T(h[1]), T(h[2]), T(h[3])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        T g = sign * grad;
        const T direction = g * states[0];
        const T factor = direction > T(0) ? plus : direction < T(0) ? minus : T(1);
        const T s = states[1] = math::smaller(math::larger(math::product(states[1], factor), smallest), largest);
        g = states[0] = direction < T(0) ? T(0) : g;
        p = p - (g > T(0) ? s : g < T(0) ? -s : T(0) * g);  // NaN stays NaN
    }
};

// --- with a running mean of the gradient: Adam and its kin -----------------------------------------

template <typename T, bool AMSGRAD>
struct Adam {
    static constexpr int STATES = 2 + AMSGRAD;
    Decay<T> decayed;
    Toward<T> toward;
    MeanSquare<T> mean_square;
    T minus_step, root2, eps;

    static __device__ Adam of(const double* h, int flags)
    {
        return {Decay<T>::of(h[0], h[4], flags), Toward<T>::of(h[1]), MeanSquare<T>::of(h[2]), T(-h[0] / h[5]), T(h[6]),
                T(h[3])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        const T q = decayed.shrunk(p), g = decayed(grad, q);
        const T m = states[0] = toward(states[0], g);
        T v = states[1] = mean_square(states[1], g);
        if (AMSGRAD)
            v = states[2] = states[2] > v ? states[2] : v;  // a NaN in v wins, as in PyTorch's maximum
        p = q + math::product(minus_step, m) / (math::sqrt(v) / root2 + eps);
    }
};

template <typename T>
struct Adamax {
    static constexpr int STATES = 2;
    Decay<T> decayed;
    Toward<T> toward;
    T beta2, eps, minus_step;

    static __device__ Adamax of(const double* h, int flags)
    {
        return {Decay<T>::of(0, h[3], flags), Toward<T>::of(h[0]), T(h[1]), T(h[2]), T(-h[4])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        const T g = decayed(grad, p), m = states[0] = toward(states[0], g);
        const T old = math::product(beta2, states[1]), fresh = math::abs(g) + eps;
        const T u = states[1] = old > fresh ? old : fresh;  // a NaN in the gradient wins
        p = p + math::product(minus_step, m) / u;
    }
};

template <typename T>
struct NAdam {
    static constexpr int STATES = 2;
    Decay<T> decayed;
    Toward<T> toward;
    MeanSquare<T> mean_square;
    T eps, correction2, minus_g, minus_m;

    static __device__ NAdam of(const double* h, int flags)
    {
        return {Decay<T>::of(h[0], h[4], flags), Toward<T>::of(h[1]), MeanSquare<T>::of(h[2]), T(h[3]), T(h[5]), T(-h[6]),
                T(-h[7])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        const T q = decayed.shrunk(p), g = decayed(grad, q);
        const T m = states[0] = toward(states[0], g);
        const T v = states[1] = mean_square(states[1], g);
        const T below = math::sqrt(v / correction2) + eps;
        p = q + math::product(minus_g, g) / below + math::product(minus_m, m) / below;
    }
};

template <typename T>
struct RAdam {  // before the rectification is defined (0), a step of the mean alone
    static constexpr int STATES = 2;
    Decay<T> decayed;
    Toward<T> toward;
    MeanSquare<T> mean_square;
    T lr, eps, correction1, root2, rectification;

    static __device__ RAdam of(const double* h, int flags)
    {
        return {Decay<T>::of(h[0], h[4], flags), Toward<T>::of(h[1]), MeanSquare<T>::of(h[2]), T(h[0]), T(h[3]), T(h[5]),
                T(h[6]), T(h[7])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        const T q = decayed.shrunk(p), g = decayed(grad, q);
        const T m = states[0] = toward(states[0], g);
        const T v = states[1] = mean_square(states[1], g);
        const T plain = math::product(m / correction1, lr);
        const T root = math::product(T(1) / (math::sqrt(v) + eps), root2);
        const T rectified = math::product(math::product(plain, root), rectification);
        p = q - (rectification != T(0) ? rectified : plain);
    }
};

// --- divided by a root of the gradient's squares ---------------------------------------------------

template <typename T>
struct Adagrad {
    static constexpr int STATES = 1;
    Decay<T> decayed;
    T minus_rate, eps;

    static __device__ Adagrad of(const double* h, int flags)
    {
        return {Decay<T>::of(0, h[2], flags), T(-h[0]), T(h[1])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        const T g = decayed(grad, p), s = states[0] = math::fma(g, g, states[0]);
        p = p + math::product(minus_rate, g) / (math::sqrt(s) + eps);
    }
};

template <typename T, bool MOMENTUM, bool CENTERED>
struct RmsProp {  // states: square_avg, momentum_buffer, grad_avg, those that there are
    static constexpr int STATES = 1 + MOMENTUM + CENTERED;
    Decay<T> decayed;
    Toward<T> toward;
    MeanSquare<T> mean_square;
    T lr, eps, momentum;

    static __device__ RmsProp of(const double* h, int flags)
    {
        return {Decay<T>::of(0, h[3], flags), Toward<T>::of(h[1]), MeanSquare<T>::of(h[1]), T(h[0]), T(h[2]), T(h[4])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        const T g = decayed(grad, p);
        T v = states[0] = mean_square(states[0], g);
        if (CENTERED) {
            const T m = states[1 + MOMENTUM] = toward(states[1 + MOMENTUM], g);
            v = math::fma(-m, m, v);
        }
        const T below = math::sqrt(v) + eps;
        if (MOMENTUM) {
            const T b = states[1] = math::product(momentum, states[1]) + g / below;
            p = math::fma(-lr, b, p);
        } else {
            p = p + math::product(-lr, g) / below;
        }
    }
};

template <typename T>
struct Adadelta {
    static constexpr int STATES = 2;
    Decay<T> decayed;
    MeanSquare<T> mean_square;
    T lr, eps;

    static __device__ Adadelta of(const double* h, int flags)
    {
        return {Decay<T>::of(0, h[3], flags), MeanSquare<T>::of(h[1]), T(h[0]), T(h[2])};
    }
    __device__ void step(T grad, T& p, T* states) const
    {
        const T g = decayed(grad, p), v = states[0] = mean_square(states[0], g);
        const T d = math::product(math::sqrt(states[1] + eps) / math::sqrt(v + eps), g);
        states[1] = mean_square(states[1], d);
        p = math::fma(-lr, d, p);
    }
};
