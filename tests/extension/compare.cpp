// lab-compare: trains and scores them all, one row of a table each.
//   lab-compare --models models/mini --output runs/lab
#include "recipes.hpp"

int main(int argc, char** argv) {
  using namespace lab;
  return opad::sweep(opad::hana::tuple_t<Compared, Judged, Trained, GivenTeacher<Trained>>, argc, argv);
}
