// 0 … n-1, shuffled by exchanges that were drawn before. The contract is in __init__.py.
//
//   order    0 1 2 3 4 5 6 …        all threads of the one block write it; barrier
//   then     order[0] and order[partners[0]] change places, order[1] and order[partners[1]], …     one thread
//
// Each exchange needs those before it, so this is no work for a GPU: the one thread waits for memory most of its
// time. It is here so that an order can be made where it is used; who draws an order on the host makes it there.

extern "C" __global__ void shuffle(const long long* partners, long long* order, long long n)
{
    for (long long i = threadIdx.x; i < n; i += blockDim.x)
        order[i] = i;
    __syncthreads();
    if (threadIdx.x != 0)
        return;
    for (long long i = 0; i + 1 < n; i++) {
        const long long other = partners[i], mine = order[i];
        order[i] = order[other];
        order[other] = mine;
    }
}
